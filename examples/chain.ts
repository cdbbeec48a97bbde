/**
 * The protocol in twelve lines: a human authorizes an agent, the agent hands on less to a helper, the helper presents
 * the chain for one call, and whoever trusts the issuer verifies it. Then it asserts what that is worth, and exits
 * non-zero when something does not hold. `node examples/chain.ts`
 * @module
 */
import assert from 'node:assert/strict'
// README: begin
import { agentKey, Issuer, narrow, present, verify } from 'countersign/protocol'
const company = new Issuer('https://company.example')
const [manager, agent, helper] = [company.person(), agentKey(), agentKey()]
const read = { type: 'tool' as const, server: 'files', actions: ['read', 'list'] }
const grants = [{ ...read, constraints: { path: { glob: '/reports/**' } } }]
const draft = company.draft({ by: manager, holder: agent, aud: ['point-1'], grants, ttl_s: 900 })
const root = company.seal(draft, manager.gesture(draft)) // issue
const less = [{ ...read, actions: ['read'], constraints: { path: { glob: '/reports/q3/*' } } }]
const chain = narrow(root, agent, { to: helper, statement: company.statement(helper), grants: less })
const call = { server: 'files', tool: 'read', args: { path: '/reports/q3/summary.txt' } }
const target = { aud: 'point-1', nonce: 'from the verifier', call }
const answer = verify(present(chain, helper, target), company.trust, target)
// README: end

assert.ok(answer.ok)
assert.equal(answer.chain.delegations.length, 2)

const elsewhere = { ...target, call: { ...call, args: { path: '/reports/q4/summary.txt' } } }
assert.deepEqual(verify(present(chain, helper, elsewhere), company.trust, elsewhere), {
  ok: false,
  reasons: ['CONSTRAINT_VIOLATED'],
})
assert.deepEqual(verify(present(chain, helper, target), company.trust, elsewhere), {
  ok: false,
  reasons: ['PROOF_INVALID'],
})
assert.deepEqual(verify(present(chain, agent, target), company.trust, target), {
  ok: false,
  reasons: ['PROOF_INVALID'],
})
const stranger = new Issuer('https://stranger.example')
assert.deepEqual(verify(present(chain, helper, target), stranger.trust, target), {
  ok: false,
  reasons: ['ISSUER_UNKNOWN'],
})
const wider = { ...read, constraints: { path: { glob: '/**' } } }
const statement = company.statement(helper)
assert.throws(() => narrow(root, agent, { to: helper, statement, grants: [wider] }), { code: 'WIDENED' })
process.stdout.write(`verified: ${answer.chain.delegations.length} delegations, back to one gesture\n`)
