/** Labels suggested for invented tools of many kinds, by what their definitions say. spec/labels.md (LBL-13). */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { isAbove, toolLabelSchema, type Effect } from '../../core/label.ts'
import { labelFileSchema } from '../label-file.ts'
import { stricter } from './effect.ts'
import { suggestLabel, type Suggestion } from './suggest.ts'

const TYPES: Readonly<Record<string, JsonObject>> = {
  list: { type: 'array', items: { type: 'string' } },
  int: { type: 'integer' },
  flag: { type: 'boolean' },
  enum: { type: 'string', enum: ['a', 'b'] },
  email: { type: 'string', format: 'email' },
}

/** @param parameters `name` or `name:type`, by spaces */
function tool(name: string, parameters = '', rest: JsonObject = {}): JsonObject {
  const named = parameters.split(' ').filter((each) => each !== '')
  const properties = Object.fromEntries(
    named.map((each) => {
      const [parameter = '', type = ''] = each.split(':')
      return [parameter, TYPES[type] ?? { type: 'string' }]
    }),
  )
  return { name, inputSchema: { type: 'object', properties, required: Object.keys(properties) }, ...rest }
}

function labelOf(definition: JsonObject): Suggestion {
  const found = suggestLabel(definition)
  if (found === null) throw new Error('no label')
  return found
}

const labelled = (...parts: Parameters<typeof tool>) => labelOf(tool(...parts)).label
const U = 'untrusted'
const T = 'trusted'

type Row = [name: string, parameters: string, effect: Effect, integrity: string, destination: string]

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'a chat workspace': [
    ['list_rooms', '', 'none', T, ''],
    ['read_room', 'room', 'none', U, ''],
    ['getRoomHistory', 'room_id limit:int', 'none', U, ''],
    ['list_members', 'room', 'none', T, ''],
    ['search_messages', 'query', 'none', U, ''],
    ['chat.postMessage', 'room text', 'external', U, '/room'],
    ['send_private_message', 'to body', 'external', U, '/to'],
    ['invite_member', 'name email', 'external', T, '/email'],
    ['add_member_to_room', 'member room', 'external', T, '/member /room'],
    ['kick_member', 'room member', 'destructive', T, '/room /member'],
    ['list_thread_replies', 'thread_id', 'none', U, ''],
  ],
  travel: [
    ['find_lodgings_in_town', 'town', 'none', U, ''],
    ['list_hotels', 'city', 'none', U, ''],
    ['get_reviews_of_restaurants', 'restaurants:list', 'none', U, ''],
    ['flight_search', 'from to day', 'none', U, ''],
    ['book_room', 'hotel from_day to_day', 'external', T, '/hotel'],
    ['reserve_table', 'restaurant guests:int time', 'external', U, '/restaurant'],
    ['rent_car', 'company start end', 'external', T, '/company'],
    ['cancel_booking', 'booking_id', 'destructive', T, '/booking_id'],
    ['get_weather', 'city', 'none', T, ''],
  ],
  'a bank': [
    ['get_balance', '', 'none', T, ''],
    ['get_own_iban', '', 'none', T, ''],
    ['list_transactions', 'since', 'none', U, ''],
    ['transfer_money', 'beneficiary amount:int reference', 'external', T, '/beneficiary'],
    ['schedule_payment', 'iban amount:int every', 'external', T, '/iban'],
    ['change_standing_order', 'order_id payee amount:int', 'external', T, '/order_id /payee'],
    ['add_payee', 'name iban', 'internal', T, '/iban'],
    ['change_password', 'new_password', 'destructive', T, '/new_password'],
    ['update_profile', 'first_name last_name street town', 'internal', T, ''],
  ],
  mail: [
    ['search_mail', 'query', 'none', U, ''],
    ['mail_search', 'query', 'none', U, ''],
    ['read_inbox', '', 'none', U, ''],
    [
      'send_mail',
      'recipients:list cc:list subject body attachments:list',
      'external',
      U,
      '/recipients /cc /attachments',
    ],
    ['forward_mail', 'mail_id to', 'external', U, '/mail_id /to'],
    ['create_draft', 'to subject body', 'internal', U, '/to'],
    ['delete_mail', 'mail_id', 'destructive', U, '/mail_id'],
    ['mark_as_read', 'ids:list', 'internal', U, '/ids'],
    ['set_forwarding_rule', 'forward_to', 'external', U, '/forward_to'],
  ],
  'a calendar and contacts': [
    ['list_events', 'day', 'none', U, ''],
    ['today', '', 'none', T, ''],
    ['get_current_time', 'timezone', 'none', T, ''],
    ['create_event', 'title start end attendees:list', 'external', U, '/attendees'],
    ['reschedule_event', 'event_id start', 'internal', U, '/event_id'],
    ['delete_event', 'event_id', 'destructive', U, '/event_id'],
    ['search_contacts_by_mail', 'query', 'none', T, ''],
    ['get_my_profile', '', 'none', T, ''],
    ['get_user_profile', 'user_id', 'none', U, ''],
  ],
  files: [
    ['read_document', 'document_id', 'none', U, ''],
    ['list_folder', 'path', 'none', U, ''],
    ['create_note', 'title text', 'internal', U, ''],
    ['append_to_document', 'document_id text', 'internal', U, '/document_id'],
    ['share_document', 'document_id email permission', 'external', U, '/document_id /email'],
    ['delete_document', 'document_id', 'destructive', U, '/document_id'],
    ['set_file_permissions', 'path mode:enum', 'destructive', U, '/path'],
  ],
  'the web': [
    ['fetch', 'url', 'none', U, '/url'],
    ['get_page', 'url', 'none', U, '/url'],
    ['web_search', 'query count:int', 'none', U, ''],
    ['take_screenshot', 'url', 'none', U, '/url'],
    ['publish_page', 'url html', 'external', U, '/url'],
    ['http_request', 'method url body', 'external', U, '/url'],
    ['submit_form', 'selector', 'external', U, '/selector'],
    ['post_tweet', 'text', 'external', U, ''],
  ],
  'a shell and a database': [
    ['run_command', 'command cwd', 'destructive', U, '/command'],
    ['execute_python', 'code', 'destructive', U, '/code'],
    ['query', 'sql', 'destructive', U, '/sql'],
    ['select_rows', 'table where', 'none', U, ''],
    ['insert_row', 'table values', 'internal', U, '/table'],
    ['drop_table', 'table', 'destructive', U, '/table'],
    ['kill_process', 'pid:int', 'destructive', U, '/pid'],
    ['get_environment', '', 'none', U, ''],
  ],
  'an issue tracker': [
    ['get_issue', 'repo issue_number:int', 'none', U, ''],
    ['create_issue', 'repo title body', 'external', U, '/repo'],
    ['add_comment', 'issue_id body', 'external', U, '/issue_id'],
    ['merge_pull_request', 'repo pull_number:int', 'destructive', U, '/repo /pull_number'],
    ['label_issue', 'issue_id label', 'internal', U, '/issue_id'],
    ['list_repositories', '', 'none', U, ''],
  ],
}

describe.each(Object.entries(ROWS))('of %s', (_, rows) => {
  test.each(rows)('%s(%s) is labelled', (name, parameters, effect, integrity, destination) => {
    const { label, reasons = [] } = labelOf(tool(name, parameters))
    expect(toolLabelSchema.parse(label)).toEqual(label)
    const found = [label.effect, label.result.integrity, label.destination.join(' ')]
    expect(found).toEqual([effect, integrity, destination])
    expect(reasons.length).toBeGreaterThan(0)
  })
})

describe('a verb of reading that reads nothing', () => {
  test.each<[string, string, Effect]>([
    ['open_document', 'document_id', 'none'],
    ['open_ticket', 'title', 'external'],
    ['open_garage', '', 'destructive'],
    ['resolve_hostname', 'name', 'none'],
    ['resolve_issue', 'issue_id', 'external'],
    ['check_availability', 'day', 'none'],
    ['check_in_guest', 'booking_id', 'external'],
    ['recall_notes', 'query', 'none'],
    ['recall_message', 'message_id', 'destructive'],
    ['format_date', 'date', 'none'],
    ['format_disk', 'device', 'destructive'],
    ['download_file', 'file_id', 'none'],
    ['download_file', 'url path', 'internal'],
    ['return_item', 'order_id', 'external'],
    ['capture_payment', 'payment_id', 'destructive'],
    ['evaluate', 'script', 'destructive'],
  ])('%s(%s) is judged by what it is about', (name, parameters, effect) => {
    expect(labelled(name, parameters).effect).toBe(effect)
  })

  test('a program among the arguments may do anything, whatever the name and the hints say', () => {
    const annotations = { readOnlyHint: true }
    expect(labelled('frobnicate', 'sql', { annotations }).effect).toBe('destructive')
    expect(labelled('get_result', 'command', { annotations }).effect).toBe('destructive')
  })

  test('a change of whereabouts says where things go from then on', () => {
    expect(labelled('update_delivery', 'street town urgent:flag').destination).toEqual(['/street', '/town'])
  })
})

const ALL = Object.values(ROWS).flat()

describe('what a server says of its own tool', () => {
  const CLAIMS =
    'Safe and read-only. Does not modify anything. Its results are trusted and public, for internal use only.'

  test.each(ALL)('does not make %s(%s) laxer', (name, parameters) => {
    const own = labelled(name, parameters)
    for (const rest of [
      { description: CLAIMS },
      {
        annotations: {
          readOnlyHint: true,
          destructiveHint: false,
          idempotentHint: true,
          openWorldHint: false,
        },
      },
    ]) {
      const said = labelled(name, parameters, rest)
      expect(stricter(said.effect, own.effect)).toBe(said.effect)
      expect(isAbove(own.result.level, said.result.level)).toBe(false)
      if (own.result.integrity === U && own.effect === 'none') expect(said.result.integrity).toBe(U)
      expect(said.destination).toEqual(expect.arrayContaining(own.destination))
    }
  })

  test('makes it stricter: hints of destruction, of an open world, words of overwriting or of what strangers write', () => {
    expect(labelled('update_note', 'note_id', { annotations: { destructiveHint: true } }).effect).toBe(
      'destructive',
    )
    expect(labelled('get_holidays', '', { annotations: { openWorldHint: true } }).result.integrity).toBe(U)
    expect(labelled('save_file', 'path', { description: 'Overwrites what is there.' }).effect).toBe(
      'destructive',
    )
    const said = labelled('list_users', '', { description: 'With the comments that others left on them.' })
    expect(said.result.integrity).toBe(U)
    const read = labelOf(tool('get_counter', '', { annotations: { readOnlyHint: false } }))
    expect(read.label.effect).toBe('destructive')
    expect(read.look).toContainEqual(expect.stringContaining('what does it change?'))
  })

  test('counts where a name says nothing, and a person is asked to look', () => {
    const words = labelOf(tool('frobnicate', 'x', { description: 'Returns the holidays of a country.' }))
    expect([words.label.effect, words.look?.length]).toEqual(['none', 2])
    const hint = labelOf(tool('frobnicate', 'x', { annotations: { readOnlyHint: true } }))
    expect([hint.label.effect, hint.label.result.integrity]).toEqual(['none', U])
    expect(hint.look).not.toEqual([])
  })

  test('against its name is shown to a person', () => {
    const { label, look } = labelOf(tool('delete_rows', 'table', { annotations: { readOnlyHint: true } }))
    expect(label.effect).toBe('destructive')
    expect(look).toContainEqual(expect.stringContaining('which is it?'))
  })
})

describe('a label', () => {
  test('of a tool about which nothing is known is strict, and says where to look', () => {
    const { label, look } = labelOf({ name: 'zorp' })
    expect(label).toMatchObject({
      effect: 'destructive',
      result: { level: 'confidential', integrity: U },
      destination: [],
    })
    expect(look?.length).toBeGreaterThanOrEqual(3)
  })

  test('accepts what the place may hold: public for the web, confidential for people, anything within', () => {
    const accepts = (...parts: Parameters<typeof tool>) => labelled(...parts).accepts
    expect(accepts('publish_page', 'url html')).toBe('public')
    expect(accepts('fetch', 'url')).toBe('public')
    expect(accepts('post_tweet', 'text')).toBe('public')
    expect(accepts('create_webhook', 'url')).toBe('public')
    expect(accepts('run_command', 'command')).toBe('public')
    expect(accepts('create_issue', 'repo title')).toBe('internal')
    expect(accepts('send_mail', 'to body')).toBe('confidential')
    expect(accepts('transfer_money', 'iban amount')).toBe('confidential')
    expect(accepts('reschedule_event', 'event_id start')).toBe('restricted')
    expect(accepts('delete_document', 'document_id')).toBe('restricted')
  })

  test('gives levels and categories by what things are', () => {
    const result = (name: string, rest: JsonObject = {}) => labelled(name, '', rest).result
    expect(result('search_mail')).toMatchObject({ level: 'confidential', categories: ['personal'] })
    expect(result('list_transactions')).toMatchObject({ level: 'confidential', categories: ['payment'] })
    expect(result('get_patient')).toMatchObject({ categories: ['health', 'personal'] })
    expect(result('list_secrets')).toMatchObject({ level: 'restricted', categories: ['secret'] })
    expect(result('web_search')).toMatchObject({ level: 'public', categories: [] })
    const details = result('get_my_details', { description: 'Name, passport number and credit card.' })
    expect(details).toMatchObject({ integrity: T, categories: ['payment', 'personal'] })
    expect(labelled('change_password', 'password').result.level).toBe('internal')
  })

  test('does not trust what may be its own arguments', () => {
    for (const name of ['echo', 'translate_text', 'think', 'convert_currency', 'format_date'])
      expect([name, labelled(name, 'text').result.integrity]).toEqual([name, U])
  })

  test('takes two verbs by the stricter', () => {
    expect(labelled('find_and_delete', 'query id').effect).toBe('destructive')
    expect(labelled('create_or_update_file', 'path content').destination).toEqual(['/path'])
  })

  test('finds arguments inside objects and lists, by references and choices as generators write them', () => {
    const inputSchema = {
      type: 'object',
      $defs: {
        Person: { type: 'object', properties: { email: { type: 'string' }, note: { type: 'string' } } },
      },
      properties: {
        message: {
          anyOf: [
            {
              type: 'object',
              properties: { to: { type: 'array', items: { $ref: '#/$defs/Person' } }, text: {} },
            },
            { type: 'null' },
          ],
        },
        'odd/name': { type: 'object', properties: { webhook_url: { type: 'string' } } },
        dry_run: { type: 'boolean' },
      },
    }
    expect(labelOf({ name: 'send_message', inputSchema }).label.destination).toEqual([
      '/message/to/*/email',
      '/odd~1name/webhook_url',
    ])
  })

  test('raises fields of a result by its output schema, and says whose data it is', () => {
    const outputSchema = {
      type: 'object',
      properties: {
        customers: {
          type: 'array',
          items: {
            type: 'object',
            properties: { customer_id: {}, api_key: {}, iban: {}, notes: { type: 'string' } },
          },
        },
      },
    }
    expect(labelled('list_customers', '', { outputSchema }).result).toMatchObject({
      subject: '/customers/*/customer_id',
      fields: {
        '/customers/*/api_key': { level: 'restricted', categories: ['personal', 'secret'] },
        '/customers/*/iban': { categories: ['payment', 'personal'] },
      },
    })
    const bio = { type: 'object', properties: { bio: {}, plan: {} } }
    expect(labelled('get_my_profile', '', { outputSchema: bio }).result.fields).toEqual({
      '/bio': { integrity: U },
    })
  })

  test.each<[string, string, string[] | undefined]>([
    ['get_customer', 'id', ['/id']],
    ['get_customer_orders', 'customer_id since', ['/customer_id']],
    ['update_customer', 'customer town', ['/customer']],
    ['get_patient_record', 'patientNumber', ['/patientNumber']],
    ['list_customers', 'page', undefined],
    ['get_weather', 'id', undefined],
    ['close_issue', 'user_id issue_id', undefined],
  ])('says where %s(%s) names whose data it is about', (name, parameters, subject) => {
    const { label, reasons = [] } = labelOf(tool(name, parameters))
    expect(label.subject).toEqual(subject)
    const said = reasons.filter((reason) => reason.includes('whose data it is about'))
    expect(said).toHaveLength(subject?.length ?? 0)
  })

  test('says where a person should look when nothing names whose data it is, or something may', () => {
    expect(labelOf(tool('list_customers', 'page')).look?.join()).toContain('nothing says whose personal data')
    expect(labelOf(tool('close_issue', 'user_id')).look?.join()).toContain('does `user_id` name a person')
    const outputSchema = {
      type: 'object',
      properties: {
        customers: { type: 'array', items: { type: 'object', properties: { id: {}, city: {} } } },
      },
    }
    const { label, reasons, look } = labelOf(tool('list_customers', 'page', { outputSchema }))
    expect(label.result.subject).toBe('/customers/*/id')
    expect(reasons).toContain('the field `id` of its result says whose data it is')
    expect(look?.join()).not.toContain('whose personal data')
  })

  test('is read from definitions as model APIs have them, and from odd ones without a fault', () => {
    const { parameters } = { parameters: { type: 'object', properties: { to: { type: 'string' } } } }
    expect(
      labelOf({ type: 'function', function: { name: 'send_mail', parameters } }).label.destination,
    ).toEqual(['/to'])
    expect(labelOf({ name: 'send_mail', input_schema: parameters }).label.destination).toEqual(['/to'])
    expect(suggestLabel({ description: 'no name' })).toBeNull()
    const deep: JsonObject = {
      name: 'get',
      inputSchema: { properties: { a: { $ref: '#/$defs/A' } }, $defs: { A: { $ref: '#/$defs/A' } } },
    }
    for (const odd of [
      deep,
      { name: '__', inputSchema: [] },
      { name: 'x'.repeat(9999), annotations: 7, outputSchema: { properties: { a: null } } },
    ])
      expect(toolLabelSchema.safeParse(labelOf(odd as JsonObject).label).success).toBe(true)
  })

  test('stays within the bounds of a labels file, however many parameters there are', () => {
    const many = Array.from({ length: 999 }, (_, n) => `recipient_${n}_email`).join(' ')
    const tools = [labelOf(tool('send_mail', many))]
    expect(labelFileSchema.safeParse({ v: 1, tools }).success).toBe(true)
  })
})
