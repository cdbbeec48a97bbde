/**
 * An enforcement point at the door of an HTTP service: decides a request before its handler runs. spec/sdk.md (SDK-9 to
 * SDK-11). Knows no framework.
 * @module
 */
import type { JsonObject } from '../../../core/json.ts'
import type { Reason } from '../../../decide/reasons.ts'
import { checkedArguments } from '../../checked-arguments.ts'
import { beginning, type Begun, type Denied } from '../../guard.ts'
import { CountersignError } from '../../../core/errors.ts'
import type { Served } from '../../served.ts'
import type { Credential, HeldNotice } from '../../types.ts'
import { argumentsOf, toolOf, type Requested } from './arguments.ts'
import { hasBody, isJson, type Header } from './body.ts'

/** The salt of the commitment to the arguments (PRF-3, GWR-8). */
export const SALT_HEADER = 'countersign-salt'
/** Of a call that waits for a person: the answer has it, and so has the request that comes back for it (APR-16). */
export const APPROVAL_HEADER = 'countersign-approval'
const APPROVAL = /^apr_[0-9a-z]{26}$/
const TOKEN = /^(bearer|dpop) +([A-Za-z0-9._~+/=-]+)$/i

/** Who calls is not shown: another proof may be. Every other reason stands whoever calls. */
const UNPROVEN: ReadonlySet<Reason> = new Set<Reason>([
  'NO_CHAIN',
  'PROOF_INVALID',
  'PROOF_MISSING',
  'PROOF_REPLAYED',
  'TOKEN_MALFORMED',
  'TOKEN_TOO_LARGE',
])

export interface DoorOptions {
  /**
   * How clients call the service: scheme, host and port. Not taken from a header, which whoever sends the request
   * chooses: a proof is for this address.
   */
  readonly origin: string
}

export interface Asked extends Requested {
  readonly method: string
  /** The pattern of the route that takes the request; null when none does. */
  readonly route: string | null
  /** Without query. As the client sent it. */
  readonly path: string
  /** A header by its name in small letters. */
  readonly header: Header
}

/** For the response: the decision, and a challenge for the next proof. */
export type DecisionHeaders = Readonly<Record<string, string>>

export interface Refused {
  readonly decision: 'deny'
  readonly status: 400 | 401 | 403
  readonly headers: DecisionHeaders
  readonly body: {
    readonly error: {
      readonly code: string
      readonly message: string
      readonly action?: string
      readonly reasons?: readonly Reason[]
      readonly held?: HeldNotice
    }
  }
}

export type Passed = Begun & { readonly headers: DecisionHeaders }

export class HttpDoor {
  readonly #served: Served
  readonly #origin: string

  constructor(served: Served, options: DoorOptions) {
    this.#served = served
    this.#origin = new URL(options.origin).origin
  }

  /** Never throws for what a client sent. Who is let in is told by `end` what became of the request. */
  async ask(asked: Asked): Promise<Passed | Refused> {
    const { point, server } = this.#served
    if (asked.route === null) {
      const refused = await point.refuse(server, asked.method.toUpperCase(), 'METHOD_NOT_GRANTED')
      return this.#refused({ ...refused, decision: 'deny', text: 'no route here takes this request' })
    }
    const args = readArguments(asked)
    if (args === null) return this.#unreadable()
    const credential = await this.#credential(asked)
    const approval = asked.header(APPROVAL_HEADER) ?? ''
    const comesBack = APPROVAL.test(approval)
    const request = {
      server,
      tool: toolOf(asked.method, asked.route),
      args,
      credential,
      definition_hash: null,
      sight: 'elsewhere' as const,
      ...(comesBack ? { approval } : {}),
    }
    const begun = await beginning((act) =>
      point.call(request, (action, signal, given) => act(given.args, action, signal), { leaves: !comesBack }),
    )
    if (begun.decision === 'deny') return this.#refused(begun)
    return {
      ...begun,
      headers: { ...this.#nonce(), 'countersign-action': begun.action, 'countersign-decision': 'allow' },
    }
  }

  async #credential({ header, method, path }: Asked): Promise<Credential> {
    const [, scheme = '', token = ''] = TOKEN.exec(header('authorization') ?? '') ?? []
    if (scheme.toLowerCase() === 'dpop' && token.endsWith('~')) {
      const proof = header('dpop') ?? ''
      const url = `${this.#origin}${path}`
      return {
        kind: 'dpop',
        chain: token,
        proof,
        method: method.toUpperCase(),
        url,
        salt: header(SALT_HEADER) ?? '',
      }
    }
    const { bearer } = this.#served
    if (scheme.toLowerCase() !== 'bearer' || bearer === undefined) return { kind: 'none' }
    try {
      return (await bearer(token)) ?? { kind: 'none' }
    } catch {
      return { kind: 'none' } // the point records the denial
    }
  }

  #refused(denied: Denied): Refused {
    const { action, reasons, text: message, held } = denied
    const [code = 'INTERNAL'] = reasons
    const isUnproven = UNPROVEN.has(code)
    return {
      decision: 'deny',
      status: isUnproven ? 401 : 403,
      headers: {
        ...this.#nonce(),
        ...(isUnproven
          ? { 'www-authenticate': 'DPoP error="use_dpop_nonce", algs="EdDSA Ed25519 ES256"' }
          : {}),
        'countersign-action': action,
        'countersign-decision': 'deny',
        'countersign-reasons': reasons.join(', '),
        ...(held === undefined ? {} : { [APPROVAL_HEADER]: held.approval }),
      },
      body: { error: { code, message, action, reasons, ...(held === undefined ? {} : { held }) } },
    }
  }

  /** Nothing is decided on what two readers read differently. */
  #unreadable(): Refused {
    const message = 'the arguments of the request are not JSON, or two of them have one name'
    return {
      decision: 'deny',
      status: 400,
      headers: { 'countersign-decision': 'deny' },
      body: { error: { code: 'ARGUMENTS_INVALID', message } },
    }
  }

  #nonce(): DecisionHeaders {
    return { 'dpop-nonce': this.#served.point.challenge().challenge, 'cache-control': 'no-store' }
  }
}

function readArguments(asked: Asked): JsonObject | null {
  if (hasBody(asked.header) && (asked.body === undefined || !isJson(asked.header))) return null
  try {
    const args = argumentsOf(asked)
    return args === null ? null : checkedArguments(args)
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}
