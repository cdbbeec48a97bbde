/** `countersign disclose`: the fewest grants of a chain that an audience needs to see. spec/delegation.md, SEL-1. @module */
import { InvalidArgumentError, type Command } from 'commander'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { CoreError } from '../../../src/core/errors.ts'
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../../../src/core/json.ts'
import type { DisclosableClaim } from '../../../src/token/disclosure.ts'
import { discloseFor } from '../../../src/token/present.ts'
import { CliError, result } from '../output.ts'
import { readText, writePrivate } from '../profile.ts'
import { wantsJson } from './globals.ts'

interface DiscloseOptions {
  readonly server: string
  readonly tool?: string
  readonly args?: string
  readonly claim?: DisclosableClaim[]
  readonly out: string
}

export function discloseCommand(program: Command): void {
  program
    .command('disclose')
    .description('write what of a chain a server, or one call, needs to see; the rest stays hidden')
    .argument('<chain>', 'file with the chain that you hold')
    .requiredOption('--server <name>', 'the tool server, as grants name it')
    .option('--tool <name>', 'show the one grant that a call of this tool needs')
    .option('--args <json>', 'the arguments of that call', '{}')
    .option('--claim <name>', 'show this claim as well: instruction or sub (repeat)', claimNames)
    .requiredOption('-o, --out <file>', 'where to write the chain with fewer disclosures')
    .action(async (path: string, options: DiscloseOptions, command: Command) => {
      const { server, tool, claim: claims = [], out } = options
      const call = tool === undefined ? {} : { call: { tool, args: argumentsOf(options.args ?? '{}') } }
      const held = await readText(path)
      const shown = discloseFor(nodeCrypto, held, { server, claims, ...call })
      if (shown === null)
        throw new CliError(
          'ARGUMENT_INVALID',
          `${path} holds no grant for that: see "countersign grants ${path}"`,
        )
      await writePrivate(out, `${shown}\n`)
      const counts = { shown: disclosuresIn(shown), held: disclosuresIn(held) }
      result(
        wantsJson(command),
        { file: out, disclosures: counts },
        () => `${counts.shown} of ${counts.held} disclosures in ${out}`,
      )
    })
}

const ARGS_EXAMPLE = `a JSON object such as '{"path":"/notes.txt"}'`

/** Every segment is a JWT and its disclosures. */
function disclosuresIn(chain: string): number {
  return chain.split('~~').reduce((sum, segment) => sum + segment.split('~').filter(Boolean).length - 1, 0)
}

function argumentsOf(text: string): JsonObject {
  const args = parsed(text)
  if (!isJsonObject(args)) throw new CliError('ARGUMENT_INVALID', `--args is not ${ARGS_EXAMPLE}`)
  return args
}

function parsed(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    throw new CoreError(cause.code, `--args is not ${ARGS_EXAMPLE}: ${cause.message}`, { cause })
  }
}

function claimNames(name: string, previous: readonly DisclosableClaim[] = []): DisclosableClaim[] {
  if (name !== 'instruction' && name !== 'sub')
    throw new InvalidArgumentError('a claim is instruction or sub')
  return [...previous, name]
}
