/**
 * How an auditor's preview answers. spec/preview.md (PRV-7, PRV-9).
 * Invariant: read, recorded, and only then handed out.
 * @module
 */
import type { Context } from 'hono'
import type { z } from '@hono/zod-openapi'
import type { EntryBody } from '../../src/log/entries.ts'
import { recordLook } from '../../src/registry/preview-acts.ts'
import type { AppEnv, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'
import type { BookQuestion } from './preview-books.ts'
import { treeShown } from './preview-schemas.ts'
import { previewOf } from './previewer.ts'

type Look = Pick<EntryBody<'preview.looked'>, 'kind' | 'id'>
type Question = BookQuestion extends infer Q ? (Q extends unknown ? Omit<Q, 'criteria'> : never) : never

export interface Looked<T> {
  readonly tree: z.infer<typeof treeShown>
  readonly value: T
}

/** Reads, records, and only then hands out. @throws {ApiError} `NOT_IN_SCOPE`, `PREVIEW_UNAVAILABLE` */
export async function looked<T>(
  ctx: ServerContext,
  c: Context<AppEnv>,
  look: Look,
  question: Question,
  schema: z.ZodType<T>,
): Promise<Looked<T>> {
  const { row, criteria, period } = previewOf(c)
  const source = await ctx.previews.of(period)
  const { tree, answer } = await ctx.previews.ask(source, { ...question, criteria })
  if (answer === null) throw notInScope()
  await recordLook(ctx.registry, row.id, { ...look, size: source.size })
  return { tree: treeShown.parse(tree), value: schema.parse(answer) }
}

export function notInScope(): ApiError {
  return new ApiError(
    'NOT_IN_SCOPE',
    'this preview has nothing of that name: see what it shows at /v1/preview',
  )
}

/** As a file of that name, which no browser shows. */
export function download(c: Context<AppEnv>, bytes: Uint8Array, file: string, type: string): Response {
  return c.body(Buffer.from(bytes), 200, {
    'content-type': type,
    'content-disposition': `attachment; filename="${file}"`,
    'x-content-type-options': 'nosniff',
  })
}
