/** What the kernels of a board may use: the variants of the runtime that are translated to C. */
import * as boardImage from '../../runtime-as/board-image.ts';

export type Vocabulary = 'scalar' | 'dsp' | 'mve';

/** In the order of what they demand; the code is IMAGE_VOCABULARY. */
export const vocabularyCodes: Readonly<Record<Vocabulary, number>> = {
  scalar: boardImage.VOCABULARY_SCALAR,
  dsp: boardImage.VOCABULARY_DSP,
  mve: boardImage.VOCABULARY_MVE,
};

export const vocabularies = Object.keys(vocabularyCodes) as readonly Vocabulary[];
