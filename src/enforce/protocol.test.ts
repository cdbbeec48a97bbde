/** What examples/chain.ts does not show: the edges of `countersign/protocol`. */
import { expect, test } from 'vitest'
import { agentKey, Issuer, narrow, present, verify } from './protocol.ts'

const company = new Issuer('https://company.example')
const [person, agent, helper] = [company.person(), agentKey(), agentKey()]
const grant = (path: string) => ({
  type: 'tool' as const,
  server: 'files',
  actions: ['read'],
  constraints: { path: { glob: path } },
})
const draft = company.draft({
  by: person,
  holder: agent,
  aud: ['point-1'],
  grants: [grant('/a/*'), grant('/b/*')],
  instruction: 'tidy up',
})
const root = company.seal(draft, person.gesture(draft))
const target = {
  aud: 'point-1',
  nonce: 'n',
  call: { server: 'files', tool: 'read', args: { path: '/b/x' } },
}

test('shows the one grant that the call needs, and no claim', () => {
  const shown = present(root, agent, target)
  const answer = verify(shown, company.trust, target)
  expect(answer).toMatchObject({ ok: true })
  if (answer.ok) expect([...answer.chain.delegations[0].grants.values()]).toEqual([grant('/b/*')])
  expect(shown.presentation.split('~')).toHaveLength(3)
})

test('puts each grant of a hop under one that it lies within', () => {
  const chain = narrow(root, agent, {
    to: helper,
    statement: company.statement(helper),
    grants: [grant('/b/x')],
  })
  expect(verify(present(chain, helper, target), company.trust, target)).toMatchObject({ ok: true })
})

test('says what is missing: a proof, the nonce, a grant', () => {
  const shown = present(root, agent, target)
  const bare = { ...shown, presentation: root }
  expect(verify(bare, company.trust, target)).toEqual({ ok: false, reasons: ['PROOF_MISSING'] })
  expect(verify(shown, company.trust, { ...target, nonce: 'another' })).toEqual({
    ok: false,
    reasons: ['PROOF_INVALID'],
  })
  const mail = { ...target, call: { server: 'mail', tool: 'send', args: {} } }
  expect(verify(present(root, agent, mail), company.trust, mail)).toEqual({
    ok: false,
    reasons: ['NO_MATCHING_GRANT'],
  })
})

test('refuses a draft without the gesture of its person, and a hop under nothing', () => {
  const other = company.person()
  expect(() => company.seal(draft, other.gesture(draft))).toThrow(
    expect.objectContaining({ code: 'GESTURE_INVALID' }),
  )
  const empty = company.draft({ by: person, holder: agent, aud: ['point-1'], grants: [] })
  const nothing = company.seal(empty, person.gesture(empty))
  const statement = company.statement(helper)
  expect(() => narrow(nothing, agent, { to: helper, statement, grants: [grant('/a/*')] })).toThrow(
    expect.objectContaining({ code: 'PARENT_GRANT_HIDDEN' }),
  )
})
