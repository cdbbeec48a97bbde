/**
 * Alerts as OCSF events, against the definitions of OCSF itself, from `../shared/data/ocsf` beside the checkout when they
 * are there: class, category and type, required attributes, arrays, enumerations. spec/alerts.md (ALR-19).
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { Notice, ToldAlert } from '../../src/ports/notifier.ts'
import { detectionFinding } from '../../src/respond/export/ocsf.ts'

const OCSF = resolve(import.meta.dirname, '../../../shared/data/ocsf')
const present = existsSync(OCSF)
const why = present ? '' : ' (skipped: ../shared/data/ocsf is not on this machine)'

const ALERT: ToldAlert = {
  id: 'alt_7',
  rule: 'SEQUENCE_GAP',
  severity: 'high',
  subject: 'pnt_a',
  status: 'open',
  disposition: null,
  canary: false,
  count: 1,
  first: 1_772_000_000_000,
  last: 1_772_000_000_000,
  triage_until: 1_772_000_060_000,
  detail: { epoch: 1 },
  entries: [3, 4],
}
const told = (alert: Partial<ToldAlert> = {}, event: Notice['event'] = 'raised') =>
  detectionFinding({ event, alert: { ...ALERT, ...alert }, iss: 'cs.example', time_ms: ALERT.first })
const stories = [
  told(),
  told({ count: 10 }),
  told({ status: 'acknowledged' }, 'acknowledged'),
  told({ status: 'closed', disposition: 'false' }, 'closed'),
  told({ status: 'closed', disposition: 'resolved', subject: null }, 'closed'),
  told({ canary: true }),
]

interface Definition {
  readonly name: string
  readonly uid?: number
  readonly extends?: string
  readonly attributes: Record<string, { requirement?: string; enum?: Record<string, unknown> }>
}
const read = (file: string): unknown => JSON.parse(readFileSync(join(OCSF, file), 'utf8'))

/** Attributes of a class with those that it extends; what a class says comes before what it extends says. */
function attributesOf(file: string, parents: readonly string[]): Definition['attributes'] {
  const all: Definition['attributes'] = {}
  for (const one of [...parents, file]) {
    const { attributes } = read(one) as Definition
    for (const [name, definition] of Object.entries(attributes)) {
      const before = all[name]
      all[name] = { ...before, ...definition, enum: { ...before?.enum, ...definition.enum } }
    }
  }
  return all
}

test.skipIf(!present)(`alerts are Detection Findings by the definitions of OCSF${why}`, () => {
  const { version } = read('version.json') as { version: string }
  const dictionary = read('dictionary.json') as {
    attributes: Record<
      string,
      { type: string; is_array?: boolean; enum?: Record<string, { caption: string }> }
    >
  }
  const categories = read('categories.json') as { attributes: Record<string, { uid: number }> }
  const parents = ['events_base_event.json', 'events_findings_finding.json']
  const attributes = attributesOf('events_findings_detection_finding.json', parents)
  const { uid } = read('events_findings_detection_finding.json') as Definition
  const { attributes: info } = read('objects_finding_info.json') as Definition
  for (const event of stories) {
    expect(version.startsWith(event.metadata.version.slice(0, 3))).toBe(true)
    const required = Object.entries(attributes).filter(([, { requirement }]) => requirement === 'required')
    expect(required.length).toBeGreaterThan(5)
    for (const [name] of required) expect(event).toHaveProperty(name)
    for (const [name, value] of Object.entries(event)) {
      expect(Object.keys(attributes)).toContain(name)
      expect(Array.isArray(value)).toBe(dictionary.attributes[name]?.is_array === true)
      const values = { ...dictionary.attributes[name]?.enum, ...attributes[name]?.enum }
      if (name.endsWith('_id')) expect(Object.keys(values)).toContain(JSON.stringify(value))
    }
    const category = categories.attributes.findings?.uid ?? 0
    expect(event.category_uid).toBe(category)
    expect(event.class_uid).toBe(category * 1000 + (uid ?? 0))
    expect(event.type_uid).toBe(event.class_uid * 100 + event.activity_id)
    for (const name of Object.keys(event.finding_info)) expect(Object.keys(info)).toContain(name)
    for (const [name, { requirement }] of Object.entries(info))
      if (requirement === 'required') expect(event.finding_info).toHaveProperty(name)
  }
})
