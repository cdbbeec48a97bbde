/** Tests 3, 4 and 5: whence authority comes, how far it goes, and that it ends. spec/tests.md. @module */
import type { IssuedRoot } from '../verify/templates.ts'
import { links } from '../populations/links.ts'
import { delegations, revocations } from '../populations/populations.ts'
import { census, textOf, type ControlTest, type TestContext } from './test.ts'

/** The authenticator was software: a method of RFC 8176. */
const SOFTWARE = 'swk'

export const grantedDelegations: ControlTest = {
  number: 3,
  criteria: ['CC6.2'],
  title: 'Delegations stand on a gesture of a person',
  attribute: 'a valid grant and a gesture by a registered authenticator, which in production is not software',
  population: delegations,
  source: null,
  run: (ctx) => {
    const roots = new Map(ctx.roots.map((root) => [root.index, root]))
    const isProduction = ctx.history.created?.entry.body.simulated !== true
    return census(ctx.rows(delegations), ({ index, jti }) => {
      const root = roots.get(Number(index))
      if (!isProduction || root === undefined || !isBySoftware(ctx, root)) return null
      return {
        code: 'SOFTWARE_AUTHENTICATOR',
        message: `${textOf(jti)} rests on a software authenticator`,
        entries: [root.index],
      }
    })
  },
}

function isBySoftware({ history }: TestContext, { chain }: IssuedRoot): boolean {
  const { amr, gestures } = chain.root
  const registered = gestures.map((gesture) => history.passkeys.by(gesture)?.credential.amr)
  return [amr, ...registered].some((methods) => methods?.includes(SOFTWARE))
}

/** What every link was held against is checked already: its faults are the deviations. */
export const boundedDelegations: ControlTest = {
  number: 4,
  criteria: ['CC6.3'],
  title: 'Delegations only narrow',
  attribute: 'within parent, template and limits, and no longer than both allow',
  population: links,
  source: null,
  run: (ctx) => census(ctx.rows(links), () => null),
}

export const boundedRevocations: ControlTest = {
  number: 5,
  criteria: ['CC6.3'],
  title: 'Revocation stops',
  attribute: 'no call allowed past the bound after it, and none that the point knew of',
  population: revocations,
  source: null,
  run: (ctx) => census(ctx.rows(revocations), () => null),
}
