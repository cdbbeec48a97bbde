/**
 * Consent where one person may approve alone, where a template asks for another's signature, and at an address where
 * passkeys do not work. spec/oauth.md (OAU-1, OAU-5, OAU-11, OAU-13).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approveDraft, approveTemplate, proposeTemplate } from '../../apps/cli/operator-quorum.ts'
import { CHROMIUM_RUNS } from './chromium.ts'
import { DOCUMENT_URL, OauthWorld } from './oauth-world.ts'

describe.runIf(CHROMIUM_RUNS)('consent', () => {
  let world: OauthWorld
  beforeAll(async () => {
    world = await OauthWorld.begin('after', false)
  }, 120_000)
  afterAll(() => world?.end())

  const asked = (origin = world.server.url): string => {
    const parameters = new URLSearchParams({
      client_id: DOCUMENT_URL,
      response_type: 'code',
      redirect_uri: world.callback,
      resource: world.resource.url,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
    return `${origin}/oauth2/authorize?${parameters.toString()}`
  }

  test('by one person: the log says that they approved the agent alone', async () => {
    const { at, profile } = world.ann
    await at.open(asked())
    // From the public URL, where passkeys do not work, to the pinned origin, where they do.
    expect([new URL(world.server.url).hostname, new URL(at.page.url()).hostname]).toEqual([
      '127.0.0.1',
      'localhost',
    ])
    await at.press('Sign in with passkey')
    await at.reaches('agent_new')
    await at.press('Propose this agent')
    expect(await at.reaches('agent_proposed')).toMatch(/^Approve Quarterly Report Writer\n[^]*acted alone/)
    await at.shot('approve-alone-light-wide')
    await at.press('Approve with passkey')
    await at.reaches('choose')
    const { agents } = (await profile.client.get('/v1/agents')) as { agents: object[] }
    expect(agents).toMatchObject([{ class: 'mcp-client', status: 'approved', owner: profile.person }])
  })

  test('under a template: its constraints are proposed, and the code waits for the last signature', async () => {
    const { at, profile } = world.ann
    const id = await proposeTemplate(profile, {
      class: 'mcp-client',
      ttl_s_max: 7200,
      depth_max: 0,
      grants: [
        {
          type: 'tool',
          server: 'files',
          actions: ['read_text_file'],
          constraints: { path: { glob: '/srv/**' } },
        },
      ],
      approvals: { m: 1, of: [world.ben.profile.person] },
    })
    await world.during(world.ben, approveTemplate(world.ben.profile, id))
    await at.open(asked())
    await at.press('Sign in with passkey')
    const choosing = await at.reaches('choose')
    expect(choosing).toContain('path matches /srv/**')
    expect(choosing).not.toContain('write_file')
    await at.page.getByLabel('read_text_file').check()
    await at.press('Continue')
    await at.reaches('sign')
    await at.press('Change')
    await at.reaches('choose')
    await at.page.getByLabel('read_text_file').check()
    await at.press('Continue')
    await at.reaches('sign')
    await at.press('Approve with passkey')
    const waiting = await at.reaches('waiting')
    expect(waiting).toMatch(/One more signature is needed[^]*Ben/)
    await at.shot('waiting-light-wide')
    const jti = /dlg_\w+/.exec(waiting)?.[0] ?? ''
    await world.during(world.ben, approveDraft(world.ben.profile, jti))
    await at.page.waitForURL(`${world.callback}**`)
    const answer = new URL(at.page.url()).searchParams
    expect(answer.get('code')).toMatch(/.{20}/)
    expect(answer.get('iss')).toBe(world.server.url)
  }, 60_000)

  test('is in no frame, runs nothing of others, and tells nobody where it was', async () => {
    const response = await fetch(`${world.server.url}/oauth2/consent/anything`)
    const policy = response.headers.get('content-security-policy') ?? ''
    for (const words of [
      "frame-ancestors 'none'",
      "default-src 'none'",
      "script-src 'self'",
      "form-action 'none'",
    ])
      expect(policy).toContain(words)
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    const refused = await fetch(`${world.server.url}/oauth2/authorize?client_id=<script>`)
    expect(refused.headers.get('content-security-policy')).toBe(policy)
    expect(await refused.text()).not.toContain('<script>')
  })
})
