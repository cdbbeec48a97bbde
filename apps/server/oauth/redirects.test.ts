/** Where a browser is sent by a request that is not as it has to be. spec/oauth.md (OAU-18). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer } from '../harness.ts'

const server = new TestServer()
beforeAll(() => server.start())
afterAll(() => server.remove())

async function asked(redirect_uri: string, more: Record<string, string>): Promise<Response> {
  const registered = await fetch(`${server.running.url}/oauth2/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [redirect_uri] }),
  })
  const { client_id } = (await registered.json()) as { client_id: string }
  const parameters = new URLSearchParams({ client_id, redirect_uri, response_type: 'code', ...more })
  return fetch(`${server.running.url}/oauth2/authorize?${parameters.toString()}`, { redirect: 'manual' })
}

describe('a stranger’s client', () => {
  test.each([
    ['https://evil.example/callback', {}],
    ['https://evil.example/callback', { prompt: 'none' }],
    ['https://evil.example/callback', { response_type: 'token' }],
    ['https://evil.example/callback', { response_mode: 'form_post' }],
    ['https://evil.example/callback', { response_mode: 'fragment' }],
    ['evil-program://callback', {}],
  ] as [string, Record<string, string>][])(
    'does not make our address one that leads to %s with %o',
    async (redirect, more) => {
      const answer = await asked(redirect, more)
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
      expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      const said = await answer.text()
      expect(said).toContain('This cannot go on')
      expect(said).not.toContain('evil')
    },
  )

  test('on the person’s own machine is told what is wrong', async () => {
    const answer = await asked('http://127.0.0.1:7777/callback', {})
    expect(answer.headers.get('location')).toMatch(
      /^http:\/\/127\.0\.0\.1:7777\/callback\?error=invalid_request/,
    )
  })
})
