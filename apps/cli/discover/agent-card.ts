/** A2A agent cards: an agent that says of itself what it does and how it is called. spec/inventory.md (DSC-1). @module */
import { z } from 'zod'
import type { Item } from '../../../src/log/inventory-bodies.ts'
import { itemOf } from './found.ts'

const cardSchema = z.object({
  name: z.string().min(1),
  url: z.string().default(''),
  supportedInterfaces: z
    .array(z.object({ url: z.string() }))
    .catch([])
    .default([]),
  securitySchemes: z.record(z.string(), z.record(z.string(), z.unknown())).nullish(),
  skills: z
    .array(z.object({ id: z.string() }))
    .catch([])
    .default([]),
})

/** @throws {SyntaxError | ZodError} it is no card */
export function itemOfCard(text: string, where: string): Item {
  const card = cardSchema.parse(JSON.parse(text))
  const url = card.url || card.supportedInterfaces[0]?.url || where
  return itemOf(
    { from: 'a2a', name: card.name, url: withoutQuery(url) },
    {
      kind: 'agent',
      name: card.name,
      origin: 'a2a',
      where,
      secret: secretOf(Object.values(card.securitySchemes ?? {})),
      scope: card.skills.map(({ id }) => id),
    },
  )
}

function withoutQuery(url: string): string {
  return url.split(/[?#]/)[0] ?? url
}

/** Version 1.0 names the kind by the member that is there, earlier ones by `type`. */
function secretOf(schemes: readonly Record<string, unknown>[]): Item['secret'] {
  if (schemes.length === 0) return 'none'
  const kinds = schemes.map((scheme) => JSON.stringify([scheme.type, scheme.scheme, ...Object.keys(scheme)]))
  if (kinds.some((kind) => /apiKey|basic/i.test(kind))) return 'static'
  return kinds.every((kind) => /oauth2|openIdConnect|mutualTLS|mtls/i.test(kind)) ? 'federated' : 'unknown'
}
