/**
 * The package's entry, `countersign`: what puts the calls of an agent under its delegation. spec/sdk.md. A composition
 * root, as every app is: docs/adr/0039.
 * @module
 */
import type { Client, CallToolRequestOptions } from '@modelcontextprotocol/client'
import type { Answer, ToolRun } from '../../src/enforce/guard.ts'
import { Guard } from '../../src/enforce/guard.ts'
import {
  protectFunction,
  protectTools,
  type Protected,
  type ProtectedTools,
  type ToolFunction,
  type ToolNames,
} from '../../src/enforce/protect.ts'
import type { OutputOptions } from '../../src/enforce/measured.ts'
import type { ReleaseAnswer } from '../../src/enforce/releases.ts'
import { connect as connectClient, type Connection, type ToolAnswer } from '../../src/enforce/sdk.ts'
import { connectUrl, type UrlConnection, type UrlOptions } from './by-url.ts'
import { openGuard, type GuardedOptions } from './in-process.ts'
import { heldBy, type HeldOptions } from './held.ts'

/**
 * Connects an agent to an enforcement point: of a gateway through an MCP client of yours, of a gateway at a URL, or in
 * this process (`point`: its enrolment file, which `countersign point enroll --placement in_process` wrote).
 * @throws {ConnectionDenied} with the reasons; {SdkError} for a key, a chain or a file that is none
 */
export function connect(client: Client, options: HeldOptions): Promise<Connection>
export function connect(options: UrlOptions): Promise<UrlConnection>
export function connect(options: GuardedOptions): Promise<Guard>
export async function connect(
  to: Client | UrlOptions | GuardedOptions,
  options?: HeldOptions,
): Promise<Connection | UrlConnection | Guard> {
  if (options !== undefined) return connectClient(to as Client, await heldBy(options))
  return 'url' in to ? connectUrl(to) : openGuard(to as GuardedOptions)
}

/**
 * Puts a function, or several by name, behind the enforcement point: each call is decided and recorded before it runs,
 * and resolves to an {@link Answer}. The functions get a copy of the arguments.
 * @param where a guard that {@link connect} gave, or how to open one; then `close` it by {@link Guarded.guard}
 */
export async function protect<F extends ToolFunction>(
  fn: F,
  where: (Guard | GuardedOptions) & ToolNames,
): Promise<Protected<F> & Guarded>
export async function protect<T extends Readonly<Record<string, ToolFunction>>>(
  tools: T,
  where: Guard | (GuardedOptions & Pick<ToolNames, 'definitions'>),
): Promise<ProtectedTools<T> & Guarded>
export async function protect(
  tools: ToolFunction | Readonly<Record<string, ToolFunction>>,
  where: Guard | (GuardedOptions & ToolNames),
): Promise<object> {
  const guard = where instanceof Guard ? where : await openGuard(where)
  const names = where instanceof Guard ? {} : where
  const made =
    typeof tools === 'function' ? protectFunction(guard, tools, names) : protectTools(guard, tools, names)
  return Object.assign(made, { [GUARD]: guard })
}

/** Where a protected function has its guard: a symbol, because a tool may have any name. */
export const GUARD: unique symbol = Symbol('countersign guard')

export interface Guarded {
  readonly [GUARD]: Guard
}

/**
 * Lets an output go that leaves by no tool: registered, and under a gate held until somebody has attested it. Send it once
 * the answer is `allow`, and not before. spec/sdk.md (SDK-17).
 * @param where a guard, or what {@link protect} gave
 */
export function release(
  output: unknown,
  { where, ...options }: OutputOptions & { readonly where: Guard | Guarded },
): Promise<ReleaseAnswer> {
  return (where instanceof Guard ? where : where[GUARD]).release(output, options)
}

/**
 * One call. Over a connection or a guard, or with how to make one, which is closed afterwards.
 * @param act in process: the function to run
 */
export function call<A, T>(
  where: Guard | GuardedOptions,
  tool: string,
  args: A,
  act: (args: A, run: ToolRun) => T | Promise<T>,
): Promise<Answer<T>>
export function call(
  where: Connection | UrlOptions,
  tool: string,
  args: Record<string, unknown>,
  options?: CallToolRequestOptions,
): Promise<ToolAnswer>
export async function call(
  where: Guard | GuardedOptions | Connection | UrlOptions,
  tool: string,
  args: unknown,
  then?: unknown,
): Promise<unknown> {
  if ('point' in where || 'url' in where) {
    const opened = await connect(where as GuardedOptions)
    try {
      return await callOver(opened, tool, args, then)
    } finally {
      await opened.close()
    }
  }
  return callOver(where, tool, args, then)
}

function callOver(where: Guard | Connection, tool: string, args: unknown, then: unknown): Promise<unknown> {
  if (where instanceof Guard)
    return where.call({ tool, args }, then as (args: object, run: ToolRun) => unknown)
  const call = { name: tool, arguments: args as Record<string, unknown> }
  return where.callTool(call, then as CallToolRequestOptions | undefined)
}

export { ToolStopped } from '../../src/enforce/calls-under-way.ts'
export type { Answer, Begun, Denied, Guard, ToolRun } from '../../src/enforce/guard.ts'
export type { OutputOptions } from '../../src/enforce/measured.ts'
export type { ReleaseAnswer } from '../../src/enforce/releases.ts'
export type { Protected, ToolFunction } from '../../src/enforce/protect.ts'
export type { Connection, ToolAnswer } from '../../src/enforce/sdk.ts'
export { ConnectionDenied, SdkError, type ReasonCode } from '../../src/enforce/sdk-errors.ts'
export { connectHttp, type HttpOptions } from './by-http.ts'
export type { HeldOptions } from './held.ts'
export { serve, type PointAt } from './in-process.ts'
export { narrow, type HandOn } from './narrow.ts'
