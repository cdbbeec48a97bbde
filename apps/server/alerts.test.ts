/** Alerts told to real receivers, and read by other people's software where there is some. spec/alerts.md. */
import { createServer, type Server } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server as TcpServer } from 'node:net'
import { createSocket } from 'node:dgram'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PACKAGED_ALERT_POLICY, type AlertPolicy } from '../../src/core/alert.ts'
import type { DecisionReceipt } from '../../src/log/receipt.ts'
import { canaryDecision } from '../../src/observe/detectors/detector.ts'
import { startMailServer, type MailServer } from '../../test/fixtures/mail-server.ts'
import { until } from '../../test/fixtures/processes.ts'
import { Stream } from '../../test/fixtures/shipped.ts'
import { TestServer, type Operator } from './harness.ts'

interface Received {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
}

const server = new TestServer()
let ann: Operator
let ben: Operator
let http: Server
let base: string
const received: Received[] = []
let status = 202
let mails: MailServer
let collector: TcpServer
const syslog: string[] = []

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  http = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', headers: request.headers as Record<string, string>, body })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  mails = await startMailServer({ login: { user: 'alerts', pass: 'secret' } })
  collector = createTcp({ allowHalfOpen: false }, (socket) => {
    const parts: Buffer[] = []
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.on('end', () => syslog.push(...unframed(Buffer.concat(parts))))
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await server.remove()
  http.closeAllConnections()
  http.close()
  collector.close()
  await mails.close()
})
beforeEach(() => {
  received.length = 0
  syslog.length = 0
  status = 202
})

/** RFC 6587, 3.4.1: each message after its length in octets. */
function unframed(bytes: Buffer): string[] {
  const messages: string[] = []
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.subarray(at, space).toString())
    messages.push(bytes.subarray(space + 1, space + 1 + length).toString())
    at = space + 1 + length
  }
  return messages
}

async function channel(input: object): Promise<{ channel: string; secret?: string }> {
  const { status: code, json } = await ann.api.post('/v1/channels', input)
  expect(code).toBe(200)
  return json
}

/** A point opens a second epoch. @returns the alert */
async function epochReopened(): Promise<string> {
  const point = await server.point(ann)
  for (const reason of ['first', 'empty']) await point.api.post('/v1/points/self/epochs', { reason })
  const { json } = await ann.api.get('/v1/alerts')
  const alert = json.alerts.find(({ subject }: { subject: string }) => subject === point.id)
  expect(alert).toMatchObject({ rule: 'EPOCH_REOPENED', severity: 'high', status: 'open' })
  return alert.id
}

async function inForce(policy: AlertPolicy): Promise<void> {
  const { json } = await ann.api.post('/v1/alert-policies', policy)
  const path = `/v1/alert-policies/${json.policy}`
  const asked = await ben.api.get(`${path}/approval`)
  expect((await ben.api.post(`${path}/approve`, ben.authenticator.assert(asked.json.challenge))).status).toBe(
    200,
  )
}

const taken = (n: number) => until(`${n} requests`, async () => (received.length >= n ? received : null))

describe('an alert', () => {
  test('is told by a signed webhook that other software verifies, from its beginning to its end', async () => {
    const { channel: id, secret = '' } = await channel({ kind: 'webhook', url: `${base}/hook` })
    const alert = await epochReopened()
    await taken(1)
    expect((await ann.api.post(`/v1/alerts/${alert}/acknowledge`, { triage: 'real' })).status).toBe(200)
    await taken(2)
    expect((await ann.api.post(`/v1/alerts/${alert}/close`, { disposition: 'resolved' })).status).toBe(200)
    await taken(3)
    const messages = received.map(({ body, headers }) => new Webhook(secret).verify(body, headers) as object)
    expect(messages).toMatchObject([
      {
        type: 'alert.raised',
        data: { alert: { id: alert, rule: 'EPOCH_REOPENED', detail: { reason: 'empty' } } },
      },
      { type: 'alert.acknowledged' },
      { type: 'alert.closed', data: { alert: { status: 'closed', disposition: 'resolved' } } },
    ])
    const { json } = await ann.api.get(`/v1/alert-deliveries?channel=${id}`)
    await until('all taken', async () => {
      const { json: now } = await ann.api.get(`/v1/alert-deliveries?channel=${id}`)
      return now.deliveries.every(({ state }: { state: string }) => state === 'taken')
    })
    expect(json.deliveries).toHaveLength(3)
    await ann.api.post(`/v1/channels/${id}/remove`, {})
  })

  test('is tried again until somebody takes it, in order, and again when asked for', async () => {
    const { channel: id } = await channel({ kind: 'slack', url: `${base}/services/T0/B0/x` })
    status = 500
    const alert = await epochReopened()
    await taken(1)
    status = 200
    await ann.api.post(`/v1/alerts/${alert}/close`, { disposition: 'expected' })
    await taken(3)
    const texts = received.map(({ body }) => JSON.parse(body).text)
    expect(texts[0]).toBe(texts[1])
    expect(JSON.parse(received[2]!.body).blocks[1].text.text).toContain('closed as expected')
    expect(JSON.parse(received[0]!.body)).toEqual({
      text: expect.stringContaining('EPOCH_REOPENED'),
      blocks: [0, 1].map(() => ({ type: 'section', text: { type: 'mrkdwn', text: expect.any(String) } })),
    })
    const { json } = await ann.api.get(`/v1/alert-deliveries?channel=${id}`)
    const { id: notice } = json.deliveries.find(({ event }: { event: string }) => event === 'raised')
    expect((await ann.api.post('/v1/alert-deliveries/redeliver', { notice })).json).toEqual({ deliveries: 1 })
    await taken(4)
    expect((await ann.api.post('/v1/alert-deliveries/redeliver', { notice: 'x' })).status).toBe(404)
    await ann.api.post(`/v1/channels/${id}/remove`, {})
  })

  test('is an incident at PagerDuty: triggered, acknowledged and resolved under one key', async () => {
    const { channel: id } = await channel({
      kind: 'pagerduty',
      routing_key: 'R0UT1NG',
      url: `${base}/v2/enqueue`,
    })
    const alert = await epochReopened()
    await ann.api.post(`/v1/alerts/${alert}/acknowledge`, { triage: 'unclear' })
    await ann.api.post(`/v1/alerts/${alert}/close`, { disposition: 'incident' })
    await taken(3)
    const events = received.map(({ body }) => JSON.parse(body))
    expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'acknowledge', 'resolve'])
    expect(new Set(events.map(({ dedup_key }) => dedup_key)).size).toBe(1)
    expect(events[0]).toMatchObject({
      routing_key: 'R0UT1NG',
      payload: { summary: expect.stringContaining('[high]'), source: expect.any(String), severity: 'error' },
    })
    await ann.api.post(`/v1/channels/${id}/remove`, {})
  })

  test('comes by mail, over TLS and with a login', async () => {
    const mail = { kind: 'mail', host: 'localhost', port: mails.port, tls: 'starttls', ca: mails.ca }
    const people = { from: 'alerts@example.com', to: 'oncall@example.com' }
    const { channel: id } = await channel({ ...mail, ...people, auth: { user: 'alerts', pass: 'secret' } })
    const alert = await epochReopened()
    const got = await until('a mail', async () => mails.mails[0] ?? null)
    expect(got).toMatchObject({ to: ['oncall@example.com'], secure: true, user: 'alerts' })
    expect(got.text).toContain(alert)
    expect(got.text).toContain('EPOCH_REOPENED')
    const { json } = await ann.api.get('/v1/channels')
    expect(JSON.stringify(json)).not.toContain('oncall')
    await ann.api.post(`/v1/channels/${id}/remove`, {})
  })

  test('is read by syslog collectors over TCP and UDP', async () => {
    const { port } = collector.address() as AddressInfo
    const at = { kind: 'syslog', host: '127.0.0.1', port, transport: 'tcp' }
    const added = [await channel({ ...at, format: 'text' }), await channel({ ...at, format: 'cef' })]
    const udp = createSocket('udp4')
    const datagram = new Promise<string>((resolve) =>
      udp.once('message', (bytes) => resolve(bytes.toString())),
    )
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
    added.push(await channel({ ...at, port: udp.address().port, transport: 'udp', format: 'ocsf' }))
    const alert = await epochReopened()
    await until('two messages', async () => syslog.length >= 2)
    const RFC5424 = /^<107>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ countersign - EPOCH_REOPENED - \uFEFF/
    for (const message of syslog) expect(message).toMatch(RFC5424)
    expect(syslog.find((message) => message.includes('CEF:0|'))).toContain(`externalId=${alert}`)
    const ocsf = JSON.parse((await datagram).split('\uFEFF')[1] ?? '')
    expect(ocsf).toMatchObject({ class_uid: 2004, type_uid: 200401, finding_info: { uid: alert } })
    udp.close()
    for (const one of added) await ann.api.post(`/v1/channels/${one.channel}/remove`, {})
  })

  test('goes where the policy in force says, and nowhere else', async () => {
    const first = await channel({ kind: 'slack', url: `${base}/first` })
    const second = await channel({ kind: 'slack', url: `${base}/second` })
    const routes = { ...PACKAGED_ALERT_POLICY.routes, high: [first.channel] }
    await inForce({ ...PACKAGED_ALERT_POLICY, routes })
    const alert = await epochReopened()
    await taken(1)
    expect(received.map(({ path }) => path)).toEqual(['/first'])
    const { json } = await ann.api.get(`/v1/alert-deliveries?channel=${second.channel}`)
    expect(json.deliveries).toEqual([])
    expect((await ann.api.get('/v1/alert-policies')).json.in_force.policy.routes.high).toEqual([
      first.channel,
    ])
    await inForce(PACKAGED_ALERT_POLICY)
    for (const one of [first, second]) await ann.api.post(`/v1/channels/${one.channel}/remove`, {})
    await ann.api.post(`/v1/alerts/${alert}/close`, { disposition: 'resolved' })
  })

  test('is told nowhere that the operators did not mean', async () => {
    const refused = async (input: object) => (await ann.api.post('/v1/channels', input)).status
    expect(await refused({ kind: 'webhook', url: 'http://example.com/x' })).toBe(400)
    expect(await refused({ kind: 'slack', url: 'https://user:pass@example.com/x' })).toBe(400)
    expect(await refused({ kind: 'carrier pigeon' })).toBe(400)
    expect((await ann.api.post('/v1/channels/chn_x/test', {})).status).toBe(404)
    expect((await ann.api.post('/v1/alerts/alt_9999/acknowledge', { triage: 'real' })).status).toBe(404)
  })

  test('follows its cause: a call that nobody registered is found in the log, and told', async () => {
    const { channel: id } = await channel({ kind: 'slack', url: `${base}/found` })
    const stream = await Stream.open(server, ann)
    const made = canaryDecision(Date.now(), { decision: 'deny', reasons: ['NO_CHAIN'], agent: null })
    const receipt = { ...(made.entry.body as DecisionReceipt), point: stream.point }
    stream.receipts.push(receipt)
    await stream.send([receipt])
    await taken(1)
    expect(JSON.parse(received[0]!.body).text).toContain('AGENT_UNREGISTERED')
    await ann.api.post(`/v1/channels/${id}/remove`, {})
  })

  test('a channel is tried by hand', async () => {
    const { channel: id } = await channel({ kind: 'slack', url: `${base}/try` })
    expect((await ann.api.post(`/v1/channels/${id}/test`, {})).status).toBe(200)
    await taken(1)
    expect(JSON.parse(received[0]!.body).text).toContain('a test of this channel')
    await ann.api.post(`/v1/channels/${id}/remove`, {})
  })
})
