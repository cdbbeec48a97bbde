/** The hook of a git server: reads what is pushed, and says what is refused. spec/carriers.md (CAR-14 to CAR-17). @module */
import { text } from 'node:stream/consumers'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import {
  judgePush,
  pushPolicySchema,
  type PushedRef,
  type PushPolicy,
  type PushRefusal,
} from '../../../src/provenance/carriers/push.ts'
import { CliError } from '../output.ts'
import { readJson } from '../profile.ts'
import { Git } from './git.ts'
import { newHash } from './output-file.ts'

/** @param update the arguments of an `update` hook; null: lines of a `pre-receive` hook on stdin */
export async function runHook(
  policyFile: string,
  update: readonly string[] | null,
): Promise<readonly PushRefusal[]> {
  const policy = await readPolicy(policyFile)
  const lines =
    update === null
      ? (await text(process.stdin)).split('\n').filter((line) => line !== '')
      : [update.join(' ')]
  return judgePush(nodeCrypto, newHash, policy, lines.map(pushedRef), new Git(process.cwd()))
}

function pushedRef(line: string): PushedRef {
  const found = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (refs\/\S+)$/.exec(line)
  if (found === null)
    throw new CliError(
      'ARGUMENT_INVALID',
      'a hook is given OLD NEW REF: see "countersign attest hook --help"',
    )
  const [, from = '', to = '', ref = ''] = found
  return { ref, from: orNone(from), to: orNone(to) }
}

function orNone(id: string): string | null {
  return /^0+$/.test(id) ? null : id
}

/** @throws {CliError} `HOOK_POLICY_INVALID`: whatever is wrong with it, nothing is taken */
async function readPolicy(file: string): Promise<PushPolicy> {
  const read = pushPolicySchema.safeParse(await readJson(file))
  if (read.success) return read.data
  const where = read.error.issues.slice(0, 4).map((issue) => `${issue.path.join('.')} ${issue.code}`)
  throw new CliError(
    'HOOK_POLICY_INVALID',
    `${file} is no policy of a hook, see spec/carriers.md (CAR-14): ${where.join(', ')}`,
  )
}
