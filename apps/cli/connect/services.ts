/**
 * Services that findings go to, with their settings from a file and the environment. spec/connectors.md (CNX-7). Composition.
 * Invariant: a secret is in a file or in the environment, never on a command line, and in no error.
 * @module
 */
import { readFile, stat } from 'node:fs/promises'
import type { z } from 'zod'
import { drataFindings, drataSettings } from '../../../src/adapters/http/findings/drata.ts'
import { githubFindings, githubSettings } from '../../../src/adapters/http/findings/github.ts'
import { jiraFindings, jiraSettings } from '../../../src/adapters/http/findings/jira.ts'
import { linearFindings, linearSettings } from '../../../src/adapters/http/findings/linear.ts'
import { proboFindings, proboSettings } from '../../../src/adapters/http/findings/probo.ts'
import { vantaFindings, vantaSettings } from '../../../src/adapters/http/findings/vanta.ts'
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../../../src/core/json.ts'
import type { FindingKind, FindingsService, FindingsServiceName } from '../../../src/ports/findings.ts'
import { CliError } from '../output.ts'
import { unreadable } from '../profile.ts'

const FILE_BYTES_MAX = 64 * 1024
const OTHERS = 0o077

interface Known {
  /** Names of settings, as a file has them. */
  readonly settings: readonly string[]
  /** What it takes, in words and by kind. */
  readonly takes: string
  readonly kinds: ReadonlySet<FindingKind>
  readonly connect: (given: JsonObject) => FindingsService
}

const PLATFORM: ReadonlySet<FindingKind> = new Set(['control', 'finding', 'pack'])
const TRACKER: ReadonlySet<FindingKind> = new Set(['finding'])

export const SERVICES: Readonly<Record<FindingsServiceName, Known>> = {
  drata: known(
    PLATFORM,
    drataSettings,
    'controls, deviations and the pack, as records of a custom connection',
    drataFindings,
  ),
  github: known(TRACKER, githubSettings, 'deviations, as issues of a repository', githubFindings),
  jira: known(TRACKER, jiraSettings, 'deviations, as issues of a project', jiraFindings),
  linear: known(TRACKER, linearSettings, 'deviations, as issues of a team', linearFindings),
  probo: known(
    PLATFORM,
    proboSettings,
    'controls and the pack as internal controls, deviations as tasks',
    proboFindings,
  ),
  vanta: known(
    PLATFORM,
    vantaSettings,
    'controls, deviations and the pack, as custom resources',
    vantaFindings,
  ),
}

function known<S extends z.ZodObject>(
  kinds: ReadonlySet<FindingKind>,
  schema: S,
  takes: string,
  connect: (settings: z.infer<S>) => FindingsService,
): Known {
  const settings = Object.keys(schema.shape)
  return {
    settings,
    takes,
    kinds,
    connect: (given) => {
      const parsed = schema.safeParse(given)
      if (parsed.success) return connect(parsed.data)
      const where = parsed.error.issues.map(({ path, code }) =>
        path.length === 0 ? code : path.map(String).join('.'),
      )
      throw invalid(`settings are missing or do not fit: ${[...new Set(where)].join(', ')}`)
    },
  }
}

/** `COUNTERSIGN_VANTA_CLIENT_SECRET`. */
export function variableOf(service: FindingsServiceName, setting: string): string {
  return `COUNTERSIGN_${service}_${setting}`.toUpperCase()
}

/**
 * @param file JSON with settings; what the environment has holds over it
 * @throws {CliError} `CONNECT_SETTINGS_INVALID`, `FILE_UNREADABLE`; {FindingsError} an address that is not safe
 */
export async function connectTo(service: FindingsServiceName, file: string | null): Promise<FindingsService> {
  const { settings, connect } = SERVICES[service]
  const given: Record<string, JsonValue> = file === null ? {} : await read(file)
  for (const setting of settings) {
    const value = process.env[variableOf(service, setting)]
    if (value !== undefined && value !== '') given[setting] = value
  }
  return connect(given)
}

async function read(file: string): Promise<Record<string, JsonValue>> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  const { mode } = await stat(file)
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0)
    throw invalid(`${file} can be read by others, and may hold a secret: chmod 600 ${file}`)
  try {
    const value = parseJson(bytes, { bytes_max: FILE_BYTES_MAX, depth_max: 4 })
    if (isJsonObject(value)) return { ...value }
  } catch {
    // The reason may quote what stands there.
  }
  throw invalid(`${file} is no JSON object`)
}

function invalid(message: string): CliError {
  return new CliError(
    'CONNECT_SETTINGS_INVALID',
    `${message}. See "countersign connect list", and docs/connectors.md`,
  )
}
