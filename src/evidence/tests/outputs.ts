/** Tests 25 and 26: who stands behind what left. spec/tests.md, spec/attestation.md. @module */
import { outputs } from '../populations/attested.ts'
import { census, indicesOf, msOf, textOf, type ControlTest } from './test.ts'

export const attestedOutputs: ControlTest = {
  number: 25,
  criteria: ['PI1.3', 'PI1.4'],
  title: 'Outputs that leave are attested',
  attribute: 'exactly one valid attestation by an eligible human',
  population: outputs,
  source: "the channel's own list of what was sent",
  run: (ctx) =>
    census(ctx.rows(outputs), ({ index, output, attestation }) =>
      attestation === null
        ? {
            code: 'OUTPUT_NOT_ATTESTED',
            message: `no attestation of ${textOf(output)} is valid at the end of the log`,
            entries: indicesOf(index),
          }
        : null,
    ),
}

export const reviewedOutputs: ControlTest = {
  number: 26,
  criteria: ['PI1.4'],
  title: 'Supervised outputs are reviewed before they leave',
  attribute: 'reviewed before release, by an authorized person',
  population: outputs,
  source: null,
  run: (ctx) =>
    census(
      ctx.rows(outputs).filter(({ role }) => role === 'supervised'),
      ({ index, output, attested, released }) =>
        msOf(attested) > msOf(released)
          ? {
              code: 'ATTESTED_LATE',
              message: `${textOf(output)} was attested after it left`,
              entries: indicesOf(index),
            }
          : null,
    ),
}
