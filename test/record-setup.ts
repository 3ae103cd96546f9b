/** Set-up of every test file where WHITTLE_RECORD_CASES names a folder: the tests that run every kernel record their cases there. */
import { expect } from 'vitest';
import { recordedTests } from './recorded-tests.ts';

const { testPath } = expect.getState();
if (recordedTests.some((path) => testPath?.endsWith(`/${path}`))) await import('./record-cases.ts');
