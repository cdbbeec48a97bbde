/** What agents of a simulation may call: a file server, a mail server, a customer register, a records archive. @module */
import { DPV, PD } from '../../src/core/dpv.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { ToolLabel } from '../../src/core/label.ts'

export interface SimulatedTool {
  readonly server: string
  readonly name: string
  readonly systemName: string
  readonly definition: JsonObject
  readonly measures: JsonObject
  readonly label: ToolLabel
}

/** What a mail is, as an output. */
export const NOTE_KIND = 'team_note'

/** Why personal data is used here, and which. */
export const PURPOSE = `${DPV}CustomerCare`
export const CATEGORY = `${PD}EmailAddress`

function definition(name: string, description: string, ...args: readonly string[]): JsonObject {
  const properties = Object.fromEntries(args.map((arg) => [arg, { type: 'string' }]))
  return { name, description, inputSchema: { type: 'object', properties, required: [...args] } }
}

const internal = { level: 'internal', integrity: 'trusted', categories: [] } as const

export const TOOLS: readonly SimulatedTool[] = [
  {
    server: 'files',
    name: 'read_file',
    systemName: 'Files',
    definition: definition('read_file', 'Reads a file', 'path'),
    measures: {},
    label: {
      v: 1,
      result: { ...internal, categories: [] },
      effect: 'none',
      accepts: 'internal',
      destination: [],
    },
  },
  {
    server: 'files',
    name: 'write_file',
    systemName: 'Files',
    definition: definition('write_file', 'Writes a file', 'path', 'text'),
    measures: {},
    label: {
      v: 1,
      result: { ...internal, categories: [] },
      effect: 'internal',
      accepts: 'internal',
      destination: ['/path'],
    },
  },
  {
    server: 'records',
    name: 'read_record',
    systemName: 'Records',
    definition: definition('read_record', 'Reads a record of the archive', 'id'),
    measures: {},
    label: {
      v: 1,
      result: { level: 'restricted', integrity: 'trusted', categories: [] },
      effect: 'none',
      accepts: 'restricted',
      destination: [],
    },
  },
  {
    server: 'customers',
    name: 'find_customer',
    systemName: 'Customers',
    definition: definition('find_customer', 'Finds a customer by address', 'address'),
    measures: {},
    label: {
      v: 1,
      result: { level: 'confidential', integrity: 'trusted', categories: [CATEGORY] },
      effect: 'none',
      accepts: 'confidential',
      destination: [],
      subject: ['/address'],
    },
  },
  {
    server: 'mail',
    name: 'send_mail',
    systemName: 'Mail',
    definition: definition('send_mail', 'Sends a mail', 'to', 'text'),
    measures: {},
    label: {
      v: 1,
      result: { ...internal, categories: [] },
      effect: 'external',
      accepts: 'internal',
      destination: ['/to'],
    },
  },
]
