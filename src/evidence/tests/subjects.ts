/** Tests 28, 29 and 30: on what ground personal data is used. spec/tests.md, spec/consent.md. @module */
import { consents, disclosures, withdrawals } from '../populations/consents.ts'
import { census, indicesOf, textOf, type ControlTest } from './test.ts'

export const noticedConsents: ControlTest = {
  number: 28,
  criteria: ['P1.1', 'P2.1'],
  title: 'Consents name what was said',
  attribute: 'notice version, purpose and language',
  population: consents,
  source: null,
  run: (ctx) =>
    census(ctx.rows(consents), ({ index, consent, notice_version, text_hash }) =>
      notice_version === null || text_hash === null
        ? {
            code: 'NOTICE_UNKNOWN',
            message: `the notice of ${textOf(consent)} is not in the log`,
            entries: indicesOf(index),
          }
        : null,
    ),
}

export const coveredUses: ControlTest = {
  number: 29,
  criteria: ['P4.1', 'P6.1'],
  title: 'Personal data is used on a ground',
  attribute: 'a live basis covers the purpose for each subject',
  population: disclosures,
  source: null,
  run: (ctx) =>
    census(ctx.rows(disclosures), ({ index, basis, mode, reason }) =>
      basis === null && mode === 'observe'
        ? {
            code: 'BASIS_WANTED',
            message: `went on without a basis: ${textOf(reason)}`,
            entries: indicesOf(index),
          }
        : null,
    ),
}

export const obeyedWithdrawals: ControlTest = {
  number: 30,
  criteria: ['P2.1', 'P6.2', 'P6.7'],
  title: 'Withdrawal ends use',
  attribute: "no later use of that subject's data",
  population: withdrawals,
  source: null,
  run: (ctx) =>
    census(ctx.rows(withdrawals), ({ index, uses_after, receipts_after }) =>
      Number(uses_after) > 0
        ? {
            code: 'USED_AFTER_WITHDRAWAL',
            message: `used ${Number(uses_after)} times after it, by the clocks of points`,
            entries: indicesOf(index, receipts_after),
          }
        : null,
    ),
}
