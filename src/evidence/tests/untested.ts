/** Tests that a log does not answer yet, each with what it lacks: a report says so, and passes none of them over. spec/tests.md. @module */
import type { ControlTest } from './test.ts'

function untested(
  number: number,
  criteria: readonly string[],
  [title, attribute]: readonly [string, string],
  lacks: string,
  source: string | null = null,
): ControlTest {
  return { number, criteria, title, attribute, population: null, source, run: () => ({ not_tested: lacks }) }
}

const NO_REGISTER = 'the log has no register of them'

export const UNTESTED: readonly ControlTest[] = [
  untested(
    31,
    ['CC6.1', 'CC6.2', 'CC6.3'],
    ['Administrators are under control', 'approved, reviewed, their acts logged'],
    NO_REGISTER,
  ),
]
