/** Where a statement is brought, by which key it is signed, and what became of it there. spec/kill.md (KIL-11, KIL-12). @module */
import { InvalidArgumentError, type Command } from 'commander'
import type { Statement } from '../../../src/revoke/statement.ts'
import { knownPoints, openBreakGlass, pushTo, pushToFolder, type PointKeys, type Pushed } from '../kills.ts'
import { CliError, EXIT_FAILED, paint, result } from '../output.ts'
import { collect, profileOf, wantsJson } from './globals.ts'
import { givenPassphrase } from './passphrase.ts'

export interface KeyOptions {
  readonly key: string
  readonly passphraseFile?: string
}

export interface PlaceOptions {
  readonly to?: string[]
  readonly toFolder?: string[]
}

export function withKey(command: Command): Command {
  return command
    .requiredOption('--key <file>', 'the break-glass key')
    .option('--passphrase-file <file>', 'holds its passphrase; or the variable COUNTERSIGN_PASSPHRASE')
}

export async function keyOf(options: KeyOptions): ReturnType<typeof openBreakGlass> {
  return openBreakGlass(options.key, (await givenPassphrase(options)).passphrase ?? null)
}

export function placed(command: Command): Command {
  return command
    .option('--to <url>', 'a point that listens, or a relay (repeat)', collectUrls)
    .option('--to-folder <dir>', 'the folder "statements" beside an enrolment file (repeat)', collect)
}

function collectUrls(text: string, previous: readonly string[] = []): string[] {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('not a URL such as http://127.0.0.1:7410')
  return [...previous, text]
}

/** @throws {CliError} `ARGUMENT_INVALID` */
export async function push(
  command: Command,
  statement: Statement,
  { to = [], toFolder = [] }: PlaceOptions,
): Promise<Pushed[]> {
  if (to.length + toFolder.length === 0)
    throw new CliError('ARGUMENT_INVALID', 'say where to: --to URL, --to-folder DIR')
  // Nobody needs a profile to push, and no push waits for the control plane.
  const nobody: PointKeys = new Map()
  const keys = profileOf(command).then(knownPoints, () => nobody)
  return Promise.all([
    ...to.map((url) => pushTo(url, statement, keys)),
    ...toFolder.map((folder) => pushToFolder(folder, statement, keys)),
  ])
}

/** @param more said besides */
export function report(
  command: Command,
  pushed: readonly Pushed[],
  more: { readonly json: object; readonly words: readonly string[] } = { json: {}, words: [] },
): void {
  const ok = pushed.every(({ fault }) => fault === null)
  result(wantsJson(command), { ok, pushed, ...more.json }, () =>
    pushed
      .flatMap(({ to, acks, subscribers, fault }) =>
        fault === null && subscribers !== undefined
          ? `${paint('green', 'OK')} ${to} passed it on to ${subscribers} who listen there`
          : fault === null
            ? acks.map((ack) =>
                [
                  `${paint('green', 'OK')} ${ack.point} at ${to}: ${ack.kills.length} in force`,
                  ...(ack.verified ? [] : ['its key is not known here']),
                  ...(ack.break_glass === undefined ? [] : [`pins ${ack.break_glass}`]),
                ].join(', '),
              )
            : [`${paint('red', fault)} ${to}: ${NEXT[fault] ?? 'see the log of the point'}`],
      )
      .concat(more.words)
      .join('\n'),
  )
  if (!ok) process.exitCode = EXIT_FAILED
}

const NEXT: Readonly<Record<string, string>> = {
  ACK_INVALID: 'who answers is not the point that it says: do not take it for stopped',
  NOT_DURABLE: 'in force, but it would not outlive a restart: free disk space there, push again',
  STATEMENT_REFUSED: 'compare "countersign kill key --key FILE" and trust.iss with the enrolment file',
  TOO_MANY: 'push again in a second',
  UNANSWERED: 'no point looks there yet: it will when it runs, the file stays',
  UNREACHABLE: 'see that the gateway runs there with --listen, or use --to-folder',
}
