/** Who calls, as the present epoch of receipts can name them. spec/enforcement.md (SEG-2). @module */
import { NOBODY, type Authenticated } from './authenticate.ts'
import type { PointOptions } from './point-options.ts'
import type { CallRequest } from './types.ts'

/** A session whose chain the present epoch cannot name is over: the chain has to be presented again. */
export function knownCaller(
  { authenticator, recorder }: Pick<PointOptions, 'authenticator' | 'recorder'>,
  request: CallRequest,
): Authenticated {
  const authenticated = authenticator.authenticate(request)
  const { credential } = request
  if (authenticated.record === null || recorder.canName(authenticated.record)) return authenticated
  if (credential.kind === 'hosted') {
    // The point has the chain: it is presented again, for a record of the present epoch.
    authenticator.presentAnew(credential.delegation)
    return authenticator.authenticate(request)
  }
  if (credential.kind !== 'session') return authenticated
  authenticator.forget(credential.session)
  return { ...NOBODY, reason: 'SESSION_UNKNOWN' }
}
