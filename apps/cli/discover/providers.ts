/**
 * Exports of identity providers and clouds, row by row, in the shapes that they come in. spec/inventory.md (DSC-3).
 * Of each row only the members named here are read: what an export has for a secret stays where it is.
 * @module
 */
import { z } from 'zod'
import type { Item } from '../../../src/log/inventory-bodies.ts'
import { itemOf, known, refOf, timeOf } from './found.ts'

export const PROVIDERS = ['okta', 'entra', 'google', 'aws', 'github'] as const
export type Provider = (typeof PROVIDERS)[number]

/** A row becomes items; null: it does not fit. */
export type RowReader = (row: unknown) => readonly Item[] | null

const text = z.string().min(1)
/** Absent, null or a time: what is none of these is not known. */
const when = z
  .unknown()
  .optional()
  .transform((value) => timeOf(value))
const idText = z.union([text, z.int()]).transform(String)

/**
 * The IAM credential report (`aws iam get-credential-report`), one row a user. Access keys are static; users with a
 * password are people, whose names do not get into the log.
 */
const awsRow = z.object({
  user: text,
  arn: text,
  user_creation_time: when,
  password_enabled: z.string(),
  access_key_1_active: z.string(),
  access_key_1_last_rotated: when,
  access_key_1_last_used_date: when,
  access_key_2_active: z.string(),
  access_key_2_last_rotated: when,
  access_key_2_last_used_date: when,
})

function aws(row: unknown): readonly Item[] | null {
  const read = awsRow.safeParse(row)
  if (!read.success) return null
  const { user, arn, password_enabled, user_creation_time: created } = read.data
  const isRoot = user === '<root_account>'
  const isPerson = password_enabled.toLowerCase() === 'true' && !isRoot
  const identity = { from: 'aws', arn }
  const called = isPerson ? `person ${refOf(identity).slice(0, 8)}` : user
  const keys = ([1, 2] as const).flatMap((n) => {
    if (read.data[`access_key_${n}_active`].toLowerCase() !== 'true') return []
    const rotated = read.data[`access_key_${n}_last_rotated`]
    const used = read.data[`access_key_${n}_last_used_date`]
    const name = `${called}: access key ${n}`
    const facts = { kind: 'key', name, origin: 'aws', secret: 'static', ...known({ rotated, used }) } as const
    return [itemOf({ ...identity, key: n }, facts)]
  })
  if (isPerson || isRoot) return keys
  const secret = keys.length > 0 ? 'static' : 'none'
  return [
    itemOf(identity, { kind: 'account', name: user, origin: 'aws', secret, ...known({ created }) }),
    ...keys,
  ]
}

const googleKey = z.object({
  name: z.string().regex(/^projects\/[^/]+\/serviceAccounts\/[^/]+\/keys\/[^/]+$/),
  keyType: z.string(),
  validAfterTime: when,
})
const googleAccount = z.object({
  email: text,
  uniqueId: text,
  displayName: z.string().exactOptional(),
  disabled: z.boolean().exactOptional(),
})

/** `gcloud iam service-accounts list` and `… keys list`, both as JSON. Keys that Google keeps and changes are no secret of anybody. */
function google(row: unknown): readonly Item[] | null {
  const key = googleKey.safeParse(row)
  if (key.success) {
    const { name, keyType, validAfterTime: created } = key.data
    const [, , , email = '', , id = ''] = name.split('/')
    if (keyType === 'SYSTEM_MANAGED') return []
    const facts = {
      kind: 'key',
      name: `${email}: key ${id.slice(0, 8)}`,
      origin: 'google',
      secret: 'static',
    } as const
    return [itemOf({ from: 'google', key: name }, { ...facts, ...known({ created }) })]
  }
  const account = googleAccount.safeParse(row)
  if (!account.success) return null
  if (account.data.disabled === true) return []
  const { email, uniqueId } = account.data
  return [
    itemOf(
      { from: 'google', account: uniqueId },
      { kind: 'account', name: email, origin: 'google', secret: 'federated' },
    ),
  ]
}

const entraSecret = z.object({ keyId: text, startDateTime: when })
const entraApp = z.object({
  appId: text,
  displayName: z.string().nullish(),
  createdDateTime: when,
  /** Of a service principal: `Application`, `ManagedIdentity`, … */
  servicePrincipalType: z.string().nullish(),
  passwordCredentials: z.array(entraSecret).nullish(),
  keyCredentials: z.array(entraSecret).nullish(),
})

/** `/applications` and `/servicePrincipals` of Microsoft Graph. A password is shared with the directory and ends; a certificate does not leave its holder. */
function entra(row: unknown): readonly Item[] | null {
  const read = entraApp.safeParse(row)
  if (!read.success) return null
  const { appId, displayName, createdDateTime, servicePrincipalType } = read.data
  const passwords = read.data.passwordCredentials ?? []
  const certificates = read.data.keyCredentials ?? []
  const changed = [...passwords, ...certificates].flatMap(({ startDateTime }) => startDateTime ?? []).sort()
  const isManaged = servicePrincipalType === 'ManagedIdentity'
  const secret = isManaged
    ? 'federated'
    : passwords.length > 0
      ? 'rotated'
      : certificates.length > 0
        ? 'static'
        : 'none'
  const kind = servicePrincipalType === undefined || servicePrincipalType === null ? 'app' : 'account'
  const times = known({ created: createdDateTime, rotated: changed.at(-1) })
  return [
    itemOf(
      { from: 'entra', kind, id: appId },
      { kind, name: displayName ?? appId, origin: 'entra', secret, ...times },
    ),
  ]
}

const oktaToken = z.object({ id: text, name: text, created: when, lastUpdated: when })
const oktaApp = z.object({
  id: text,
  label: text,
  signOnMode: text,
  created: when,
  credentials: z
    .object({ oauthClient: z.object({ token_endpoint_auth_method: z.string() }).nullish() })
    .nullish(),
  settings: z
    .object({ oauthClient: z.object({ grant_types: z.array(z.string()).nullish() }).nullish() })
    .nullish(),
})

/** `/api/v1/api-tokens` and `/api/v1/apps`. Apps through which people sign in are not ours to count, unless they act by themselves. */
function okta(row: unknown): readonly Item[] | null {
  const app = oktaApp.safeParse(row)
  if (app.success) return oktaAppItems(app.data)
  const token = oktaToken.safeParse(row)
  if (!token.success) return null
  const { id, name, created, lastUpdated: used } = token.data
  const facts = { kind: 'key', name, origin: 'okta', secret: 'static', ...known({ created, used }) } as const
  return [itemOf({ from: 'okta', token: id }, facts)]
}

function oktaAppItems({
  id,
  label,
  signOnMode,
  created,
  credentials,
  settings,
}: z.infer<typeof oktaApp>): Item[] {
  if (signOnMode !== 'OPENID_CONNECT') return []
  const method = credentials?.oauthClient?.token_endpoint_auth_method ?? ''
  const secret = method.startsWith('client_secret')
    ? 'rotated'
    : method === 'private_key_jwt'
      ? 'static'
      : 'none'
  const scope = settings?.oauthClient?.grant_types ?? []
  const facts = { kind: 'app', name: label, origin: 'okta', secret, scope, ...known({ created }) } as const
  return [itemOf({ from: 'okta', app: id }, facts)]
}

const permissions = z.record(z.string(), z.unknown()).catch({}).default({})
const githubInstallation = z.object({ app_id: z.int(), app_slug: text, permissions, created_at: when })
const githubToken = z.object({
  token_id: z.int(),
  owner: z.object({ login: text }),
  permissions: z.object({ organization: permissions, repository: permissions }).partial().nullish(),
  access_granted_at: when,
  token_last_used_at: when,
  token_expired: z.boolean().exactOptional(),
})
const githubDeployKey = z.object({
  id: idText,
  key: text,
  title: z.string(),
  read_only: z.boolean(),
  created_at: when,
  last_used: when,
})

/** Installations of GitHub Apps, fine-grained personal access tokens and deploy keys of the REST API. A personal token is a person's. */
function github(row: unknown): readonly Item[] | null {
  const installed = githubInstallation.safeParse(row)
  if (installed.success) {
    const { app_id, app_slug, created_at: created, permissions: scope } = installed.data
    const facts = {
      kind: 'app',
      name: app_slug,
      origin: 'github',
      secret: 'federated',
      scope: scopeOf(scope),
    } as const
    return [itemOf({ from: 'github', app: app_id }, { ...facts, ...known({ created }) })]
  }
  const token = githubToken.safeParse(row)
  if (token.success) {
    const { token_id, token_expired, access_granted_at: created, token_last_used_at: used } = token.data
    if (token_expired === true) return []
    const scope = scopeOf({ ...token.data.permissions?.organization, ...token.data.permissions?.repository })
    const facts = {
      kind: 'key',
      name: `personal token ${token_id}`,
      origin: 'github',
      secret: 'static',
      scope,
    } as const
    return [itemOf({ from: 'github', token: token_id }, { ...facts, ...known({ created, used }) })]
  }
  const deploy = githubDeployKey.safeParse(row)
  if (!deploy.success) return null
  const { id, title, read_only, created_at: created, last_used: used } = deploy.data
  const scope = [read_only ? 'contents:read' : 'contents:write']
  const facts = {
    kind: 'key',
    name: title || `deploy key ${id}`,
    origin: 'github',
    secret: 'static',
    scope,
  } as const
  return [itemOf({ from: 'github', deploy_key: id }, { ...facts, ...known({ created, used }) })]
}

function scopeOf(granted: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(granted).map(([name, level]) => `${name}:${String(level)}`)
}

export const READERS: Readonly<Record<Provider, RowReader>> = { aws, entra, github, google, okta }
