/** Whose revocations an enforcement point follows, and by which way. spec/revocation.md (REV-16), spec/keys.md (KEY-9). @module */
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpControlPlane } from '../../src/adapters/http/control-plane.ts'
import { httpRevocations } from '../../src/adapters/http/revocations.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import type { ForeignIssuer, IssuerRecord } from '../../src/core/issuer.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { Trust, type FollowedIssuer } from '../../src/enforce/trust.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { ControlPlane, StreamEvent } from '../../src/ports/control-plane.ts'
import { follow, followAll, type Follower } from '../../src/revoke/follower.ts'
import { RevocationState } from '../../src/revoke/state.ts'
import type { Statement } from '../../src/revoke/statement.ts'

/**
 * Relays, if there are any, and then the control plane only when they do not keep the state fresh: thousands of points
 * would be too many for it.
 * @param onRelayed told of statements that a relay passes on, in place of the state's
 */
export function followOwn(
  state: RevocationState,
  control: ControlPlane,
  relays: readonly string[],
  onEvent: (event: StreamEvent) => void,
  onRelayed: (statement: Statement) => void,
): Follower {
  const options = { crypto: nodeCrypto, state, onEvent }
  if (relays.length === 0) return follow({ ...options, source: control })
  const sources = relays.map((relay) => {
    const url = relay.replace(/\/+$/, '')
    const source = httpRevocations(new ApiClient({ url, crypto: nodeCrypto, clock: systemClock }))
    return { source, feed: state.another(onRelayed) }
  })
  return followAll([...sources, { source: control, standby: true }], options)
}

/** As a guest there: under the same key, and the identifier that chains name as their audience (KEY-9). */
function followForeign(issuer: ForeignIssuer, signer: Signer, onFrame: () => void): FollowedIssuer {
  const client = new ApiClient({ url: issuer.control_plane, crypto: nodeCrypto, clock: systemClock, signer })
  const frameKey = publicJwk(issuer.frame_key)
  const state = new RevocationState({ crypto: nodeCrypto, frameKey, clock: systemClock })
  const follower = follow({
    crypto: nodeCrypto,
    source: httpControlPlane(client),
    state,
    onEvent: ({ type }) => type !== 'heartbeat' && onFrame(),
  })
  return { revocations: state, stop: () => follower.stop() }
}

/** What an enrolment file pins. */
interface Pinned {
  readonly iss: string
  readonly issuer_keys: IssuerRecord['keys'][number]['jwk'][]
  readonly frame_key: IssuerRecord['keys'][number]['jwk']
  readonly rp_id: string
  readonly origins: string[]
}

export function trustOf(
  file: { readonly trust: Pinned },
  revocations: RevocationState,
  signer: Signer,
  onFrame: () => void,
): Trust {
  const { iss, issuer_keys, frame_key, rp_id, origins } = file.trust
  return new Trust({
    crypto: nodeCrypto,
    clock: systemClock,
    pinned: { iss, rp_id, origins, keys: issuer_keys.map((jwk) => ({ jwk })) },
    frameKey: publicJwk(frame_key),
    revocations,
    follow: (issuer) => followForeign(issuer, signer, onFrame),
  })
}
