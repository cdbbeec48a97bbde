/** What the screens of approvals ask for, and what a person signs there. spec/approvals.md (APR-7, APR-8). @module */
import { actOf } from '../../../../server/pages/call.js'
import { canonicalize, challengeOf, fromBase64url, toBase64url } from '../../../../server/pages/shown.js'
import { commitmentOf } from '../../../../server/pages/visible.js'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { assertion } from '../../gesture/passkey.ts'
import type { Session } from '../../session/session.ts'

export type Listed =
  paths['/v1/approvals']['get']['responses'][200]['content']['application/json']['approvals'][number]
export type Shown = paths['/v1/approvals/{id}']['get']['responses'][200]['content']['application/json']
export type Decision = 'approve' | 'refuse'

const TAG = 'countersign-approval-v1'
/** How often the queue is asked for, in milliseconds. */
const QUEUE_EVERY_MS = 3_000

export const queueQuery = {
  queryKey: ['approvals'],
  queryFn: () => said(api.GET('/v1/approvals')),
  refetchInterval: QUEUE_EVERY_MS,
} as const

type Page = paths['/v1/approvals']['get']['responses'][200]['content']['application/json']

export function historyQuery(status: Listed['status'] | undefined) {
  return {
    queryKey: ['approvals', 'all', status ?? null],
    queryFn: ({ pageParam }: { readonly pageParam: string | null }) =>
      said(
        api.GET('/v1/approvals', {
          params: {
            query: {
              all: 'true',
              ...(status && { status }),
              ...(pageParam !== null && { before: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }: Page) => next,
  } as const
}

/** Those before one, of its agent. */
export function beforeQuery({ id, agent }: Pick<Listed, 'id' | 'agent'>) {
  const query = { all: 'true', agent, before: id } as const
  return {
    queryKey: ['approvals', 'before', id],
    queryFn: () => said(api.GET('/v1/approvals', { params: { query } })),
  } as const
}

export function approvalQuery(id: string) {
  return {
    queryKey: ['approvals', 'one', id],
    queryFn: () => said(api.GET('/v1/approvals/{id}', { params: { path: { id } } })),
  } as const
}

/** Whether the arguments are those that the signature would be over. */
export async function opens({ args_commit, opening }: Shown['approval']): Promise<boolean> {
  if (opening === null) return false
  const commitment = await commitmentOf(fromBase64url(opening.salt), canonicalize(opening.args))
  return toBase64url(commitment) === args_commit
}

export function actToSign(
  approval: Shown['approval'],
  decision: Decision,
): Readonly<Record<string, unknown>> {
  return actOf(approval, decision)
}

/** Asks the passkey over what was shown, and hands it over. @throws {PasskeyError}, {ApiFault} */
export async function decide(
  session: Session,
  approval: Shown['approval'],
  decision: Decision,
): Promise<unknown> {
  const challenge = await challengeOf(TAG, actToSign(approval, decision))
  const { gesture } = await assertion(session.place, challenge, session.person.credential_ids)
  return said(
    api.POST('/v1/approvals/{id}/decide', {
      params: { path: { id: approval.id } },
      body: { ...gesture, decision },
    }),
  )
}

/** The last call before it of the same tool by the same agent, among those that are listed. */
export function lastSimilar(
  all: readonly Listed[],
  { id, agent, server, tool, requested }: Listed,
): Listed | null {
  return (
    all.find(
      (one) =>
        one.id !== id &&
        one.agent === agent &&
        one.server === server &&
        one.tool === tool &&
        one.requested <= requested,
    ) ?? null
  )
}
