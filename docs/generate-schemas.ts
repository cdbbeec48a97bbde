/**
 * Writes spec/schemas/*.json, the JSON Schemas of the protocol's objects, from the schemas that the code parses with:
 * `npm run docs`. What a JSON Schema cannot say (globs, patterns, distinctness across members) the pages say.
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { approvalSchema } from '../src/core/approval.ts'
import { consentExportSchema } from '../src/core/consent-export.ts'
import { basisSchema, consentRecordSchema, noticeSchema } from '../src/core/consent.ts'
import { gestureSchema } from '../src/core/gesture.ts'
import { issuerRecordSchema } from '../src/core/issuer.ts'
import { jwkSchema } from '../src/core/jwk.ts'
import { bundleSchema, statementSchema as attestationSchema } from '../src/provenance/statement.ts'
import { trustListSchema } from '../src/revoke/trust-list.ts'
import { accessTokenSchema } from '../src/token/access-token.ts'
import { grantSchema } from '../src/token/grant.ts'
import {
  callProofSchema,
  dpopProofSchema,
  hopPayloadSchema,
  rootPayloadSchema,
  sessionProofSchema,
  statementSchema,
  versionSchema,
} from '../src/token/payload.ts'
import { statusListSchema } from '../src/token/status-list.ts'
import { templateSchema } from '../src/token/template.ts'
import { entrySchemas } from './generate-entries.ts'

export const FOLDER = join(import.meta.dirname, '../spec/schemas')

const SCHEMAS: Record<string, { readonly title: string; readonly schema: z.ZodType }> = {
  'access-token': { title: 'Payload of an access token (STS-8)', schema: accessTokenSchema },
  approval: { title: 'Decision about a held call, as a point is given it (APR-11)', schema: approvalSchema },
  attestation: { title: 'Statement of an attestation (ATT-1, ATT-2)', schema: attestationSchema },
  'attestation-bundle': { title: 'Bundle of an attestation (ATT-8)', schema: bundleSchema },
  basis: { title: 'Basis that is no consent (CNS-6)', schema: basisSchema },
  'call-proof': { title: 'Payload of a holder proof per call (PRF-1)', schema: callProofSchema },
  consent: { title: 'Record of a consent (CNS-12)', schema: consentRecordSchema },
  'consent-export': {
    title: 'Consent, arranged as in ISO/IEC TS 27560 (CNS-31)',
    schema: consentExportSchema,
  },
  'dpop-proof': { title: 'Payload of a holder proof over HTTP (PRF-5)', schema: dpopProofSchema },
  gesture: { title: 'Gesture (DLG-4 to DLG-6)', schema: gestureSchema },
  grant: { title: 'Grant (grants.md)', schema: grantSchema },
  hop: { title: 'Payload of a hop', schema: hopPayloadSchema },
  jwk: { title: 'Public key (C-3)', schema: jwkSchema },
  notice: { title: 'Notice (CNS-5)', schema: noticeSchema },
  root: { title: 'Payload of a root', schema: rootPayloadSchema },
  'session-proof': { title: 'Payload of a holder proof per session (PRF-2)', schema: sessionProofSchema },
  statement: { title: 'Payload of an agent statement (DLG-7)', schema: statementSchema },
  'status-list': { title: 'Payload of a status list token (STS-2)', schema: statusListSchema },
  template: { title: 'Template (TPL-1)', schema: templateSchema },
  'trust-list': { title: 'Trust list (KEY-6)', schema: trustListSchema },
  'trusted-issuer': { title: 'Issuer in a trust list (KEY-6)', schema: issuerRecordSchema },
  version: { title: 'Payload of a version statement (VER-4)', schema: versionSchema },
}

/** File names and their texts. */
export function schemaFiles(): Map<string, string> {
  const files = new Map<string, string>()
  for (const [name, { title, schema }] of Object.entries(SCHEMAS)) {
    const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
    const whole = { $schema, $id: `urn:countersign:schema:${name}:1`, title, ...rest }
    files.set(`${name}.json`, `${JSON.stringify(whole, null, 2)}\n`)
  }
  for (const [name, schema] of entrySchemas()) files.set(name, `${JSON.stringify(schema, null, 2)}\n`)
  const rows = Object.entries(SCHEMAS).map(([name, { title }]) => `- [${name}.json](${name}.json): ${title}`)
  rows.push('- [entries](entries): the entries of the log, one a type ([entries.md](../entries.md))')
  files.set('README.md', `${README}\n${rows.join('\n')}\n`)
  return files
}

const README = `# JSON Schemas

Generated from the schemas that the reference implementation parses with (\`npm run docs\`); JSON Schema 2020-12. They bind together with the pages: a schema does not say which texts are globs or patterns, which members exclude each other, or what is distinct from what. Lengths of texts count UTF-16 code units, as JSON's own escapes do: a validator that counts characters allows a little more for texts beyond the Basic Multilingual Plane.
`

if (import.meta.main) {
  mkdirSync(join(FOLDER, 'entries'), { recursive: true })
  for (const [name, text] of schemaFiles()) writeFileSync(join(FOLDER, name), text)
}
