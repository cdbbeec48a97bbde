/** Options of `countersign start` about an identity provider and provisioning. spec/identity.md. @module */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { isJsonObject, parseJson } from '../../../src/core/json.ts'
import { ROLE_NAMES, type Role } from '../../../src/core/roles.ts'
import { isLoopback } from '../../server/identity/provider.ts'
import type {
  ClaimMatch,
  ClientProof,
  IdentityOptions,
  OidcSettings,
} from '../../server/identity/settings.ts'
import { CliError } from '../output.ts'
import { readText } from '../profile.ts'

export interface GivenIdentity {
  readonly oidcIssuer?: string
  readonly oidcClientId?: string
  readonly oidcClientKey?: string
  readonly oidcScopes?: string
  readonly oidcPrompt?: 'login'
  readonly oidcMaxAge?: number
  readonly oidcMatch?: ClaimMatch
  readonly scimRole?: ReadonlyMap<string, Role>
}

const SECRET = 'COUNTERSIGN_OIDC_CLIENT_SECRET'

export function identityOptions(command: Command): Command {
  return command
    .option('--oidc-issuer <url>', 'people may sign in by this OpenID Connect provider', issuer)
    .option(
      '--oidc-client-id <id>',
      `what the provider calls this control plane; its secret is in the variable ${SECRET}`,
    )
    .option(
      '--oidc-client-key <file>',
      'a private key (JWK with its alg) instead of a secret: private_key_jwt',
    )
    .option('--oidc-scopes <scopes>', 'what is asked of the provider; openid and what --oidc-match needs')
    .addOption(new Option('--oidc-prompt <prompt>', 'let the provider ask each time').choices(['login']))
    .option('--oidc-max-age <seconds>', 'let the provider ask when its own sign-in is older', seconds)
    .option(
      '--oidc-match <claim=attribute>',
      'which claim is which attribute of a provisioned user, externalId or userName; sub=externalId',
      match,
    )
    .option(
      '--scim-role <group=role>',
      'members of this provisioned group are proposed for the role; may be repeated',
      scimRole,
    )
}

/** @throws {CliError} `ARGUMENT_INVALID` */
export async function givenIdentity(given: GivenIdentity): Promise<IdentityOptions> {
  const { scimRole: roles } = given
  return {
    ...(given.oidcIssuer === undefined ? noneGiven(given) : { oidc: await oidcOf(given.oidcIssuer, given) }),
    ...(roles === undefined ? {} : { scimRoles: roles }),
  }
}

function noneGiven({ oidcClientId, oidcClientKey, oidcMatch }: GivenIdentity): IdentityOptions {
  if ([oidcClientId, oidcClientKey, oidcMatch].some((each) => each !== undefined))
    throw new CliError('ARGUMENT_INVALID', 'these are about a provider: name it with --oidc-issuer')
  return {}
}

async function oidcOf(url: string, given: GivenIdentity): Promise<OidcSettings> {
  const { oidcClientId, oidcClientKey, oidcScopes, oidcPrompt, oidcMaxAge, oidcMatch } = given
  if (oidcClientId === undefined)
    throw new CliError('ARGUMENT_INVALID', '--oidc-issuer and --oidc-client-id go together')
  return {
    issuer: url,
    clientId: oidcClientId,
    proof: await proofOf(oidcClientKey),
    ...(oidcScopes === undefined ? {} : { scopes: withOpenid(oidcScopes) }),
    ...(oidcPrompt === undefined ? {} : { prompt: oidcPrompt }),
    ...(oidcMaxAge === undefined ? {} : { maxAgeS: oidcMaxAge }),
    ...(oidcMatch === undefined ? {} : { match: oidcMatch }),
  }
}

/** The variable is not handed on to what this process starts, and never printed. */
async function proofOf(file: string | undefined): Promise<ClientProof> {
  const secret = process.env[SECRET] ?? ''
  Reflect.deleteProperty(process.env, SECRET)
  if ((file === undefined) === (secret === ''))
    throw new CliError('ARGUMENT_INVALID', `give either the variable ${SECRET} or --oidc-client-key`)
  if (file === undefined) return { kind: 'secret', secret }
  const jwk = parseJson(await readText(file))
  if (!isJsonObject(jwk) || typeof jwk.d !== 'string' || typeof jwk.alg !== 'string')
    throw new CliError('ARGUMENT_INVALID', `${file} is no private key as a JWK with its alg`)
  return { kind: 'key', jwk }
}

function withOpenid(scopes: string): string {
  return scopes.split(' ').includes('openid') ? scopes : `openid ${scopes}`
}

function issuer(text: string): string {
  const url = URL.parse(text)
  const isGood =
    url !== null &&
    (url.protocol === 'https:' || isLoopback(url)) &&
    `${url.search}${url.hash}${url.username}` === ''
  if (!isGood) throw new InvalidArgumentError('It is the https address of a provider, as its tokens name it.')
  return text
}

function seconds(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It is a number of seconds.')
  return Number(text)
}

function match(text: string): ClaimMatch {
  const [claim = '', attribute = '', ...more] = text.split('=')
  if (claim === '' || more.length > 0 || (attribute !== 'externalId' && attribute !== 'userName'))
    throw new InvalidArgumentError('It is CLAIM=externalId or CLAIM=userName, such as email=userName.')
  return { claim, attribute }
}

/** A name of a group may have an equals sign; a role has none. */
function scimRole(text: string, before: ReadonlyMap<string, Role> = new Map()): ReadonlyMap<string, Role> {
  const at = text.lastIndexOf('=')
  const role = ROLE_NAMES.find((each) => each === text.slice(at + 1))
  if (at < 1 || role === undefined)
    throw new InvalidArgumentError(`It is GROUP=ROLE; a role is one of ${ROLE_NAMES.join(', ')}.`)
  return new Map([...before, [text.slice(0, at), role]])
}
