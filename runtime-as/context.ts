/** The context of the loaded model (CONTEXT_… of format.ts). */
export const context = memory.data(64, 16);
