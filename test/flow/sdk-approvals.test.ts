/** Calls that wait for a person, through the SDK: in process and over HTTP. spec/sdk.md SDK-14, spec/approvals.md. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, connectHttp, serve } from 'countersign'
import { decideApproval, showApproval } from '../../apps/cli/operator-approvals.ts'
import type { HeldNotice } from '../../src/enforce/types.ts'
import { ORIGIN, startService } from './http-frameworks.ts'
import { sdkPoint } from './stage-sdk.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage

beforeAll(async () => {
  stage = await setFlowStage()
})
afterAll(() => stage.remove())

const noLink = (): never => {
  throw new Error('nobody has a browser here')
}

/** Somebody else, who was sent the link, decides as they are told. */
function decider(decision: 'approve' | 'refuse'): {
  readonly onHeld: (held: HeldNotice) => void
  readonly decided: Promise<string>
} {
  const notice = Promise.withResolvers<HeldNotice>()
  const decided = notice.promise.then(async ({ approval, url }) => {
    expect(url).toMatch(/^http.*#/)
    return decideApproval(stage.lead, await showApproval(stage.lead, approval), decision, noLink)
  })
  return { onHeld: notice.resolve, decided }
}

const asks = (action: string) => [
  { type: 'tool' as const, server: 'notes', actions: [action], ask: true as const },
]

test.each([
  ['approve', { decision: 'allow', result: 'a.txt' }],
  ['refuse', { decision: 'deny', reasons: ['APPROVAL_REFUSED'] }],
] as const)('in process, a function waits for the person: %s', async (decision, expected) => {
  const at = await sdkPoint(stage, `held-${decision}`, 'in_process', asks('read_note'))
  const { onHeld, decided } = decider(decision)
  const guard = await connect({ ...at, onHeld })
  let ran_n = 0
  const answer = guard.call({ tool: 'read_note', args: { path: 'a.txt' } }, ({ path }) => {
    ran_n++
    return path
  })
  await decided
  expect(await answer).toMatchObject(expected)
  expect(ran_n).toBe(decision === 'approve' ? 1 : 0)
  await guard.close()
})

test('over HTTP, the request comes back for the decision, and its handler runs once', async () => {
  const at = await sdkPoint(stage, 'held-http', 'tool_side', asks('GET /notes/:id'))
  const served = await serve(at)
  const service = await startService('Hono', served)
  const { onHeld, decided } = decider('approve')
  const send = (url: string, init: RequestInit): Promise<Response> =>
    fetch(url.replace(ORIGIN, service.url), init)
  const notes = await connectHttp({ key: at.key, origin: ORIGIN, server: 'notes', fetch: send, onHeld })
  const answer = notes.call('GET /notes/:id', { id: 'a' })
  expect(await decided).toBe('approved')
  expect(await answer).toMatchObject({ decision: 'allow' })
  expect(service.handled).toEqual([{ id: 'a', tag: undefined }])
  await service.close()
  await served.close()
})
