/** Faults as provisioning clients read them. spec/identity.md (IDN-16), RFC 7644 section 3.12. @module */
import type { Context } from 'hono'
import { CountersignError } from '../../../src/core/errors.ts'
import { ScimError } from '../../../src/registry/scim-errors.ts'
import { faultOf } from '../errors.ts'
import { SCIM_PATH } from './bodies.ts'

export const SCIM_TYPE = 'application/scim+json'
const RETRY_S = 30

/** @param report hears of faults that are ours; @param otherwise answers everybody else */
export function scimErrors(
  report: (error: unknown) => void,
  otherwise: (error: Error, c: Context) => Response | Promise<Response>,
): (error: Error, c: Context) => Response | Promise<Response> {
  return (error, c) => {
    if (c.req.path !== SCIM_PATH && !c.req.path.startsWith(`${SCIM_PATH}/`)) return otherwise(error, c)
    const { status, scimType, detail } = scimFault(error)
    if (status === 500) report(error)
    if (status === 401) c.header('www-authenticate', 'Bearer realm="scim"')
    if (status === 429) c.header('retry-after', String(RETRY_S))
    if (status === 413) c.header('connection', 'close')
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:Error']
    const body = { schemas, status: String(status), ...(scimType === null ? {} : { scimType }), detail }
    return c.body(JSON.stringify(body), status as 400, { 'content-type': SCIM_TYPE })
  }
}

function scimFault(error: Error): {
  readonly status: number
  readonly scimType: string | null
  readonly detail: string
} {
  if (error instanceof ScimError) {
    const { code, message } = error
    if (code === 'unknown') return { status: 404, scimType: null, detail: message }
    return { status: code === 'uniqueness' ? 409 : 400, scimType: code, detail: message }
  }
  const { status, code, message } = faultOf(error)
  if (code === 'TOO_MANY') return { status: 429, scimType: null, detail: message }
  const isSyntax = status === 400 && error instanceof CountersignError
  return { status, scimType: isSyntax ? 'invalidSyntax' : null, detail: message }
}
