/** Version of the measurement's JSON; raised when a field changes its meaning or goes, not by new optional fields. */
export const BENCH_SCHEMA_VERSION = 1;
