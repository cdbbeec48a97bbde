/** A control plane with a first person, who has keys of the command line, and a second at its console. @module */
import type { Browser, Page } from 'playwright-core'
import { TestServer, type Operator } from '../../../apps/server/harness.ts'
import { launchChromium } from '../chromium.ts'
import { freePort, PersonAtBrowser } from '../person.ts'

export interface StaffedConsole {
  readonly server: TestServer
  readonly origin: string
  readonly ann: Operator
  readonly browser: Browser
  readonly cleo: PersonAtBrowser
  readonly page: Page
  /** What the page reported that it should not have. */
  readonly faults: readonly string[]
  readonly close: () => Promise<void>
}

/**
 * Cleo comes in by the door of the console, endorsed by Ann.
 * @param before what happened by then: what the screens compute of the log may be a minute old
 */
export async function staffedConsole(
  before: (server: TestServer, ann: Operator) => Promise<void> = () => Promise.resolve(),
): Promise<StaffedConsole> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const rp = { rp_id: 'localhost', origins: [origin, 'http://localhost'] }
  const server = await new TestServer({ port, rp, separation: 'after' }).start()
  const ann = await server.enrol(server.bootstrapSecret)
  await before(server, ann)
  const browser = await launchChromium()
  const cleo = await PersonAtBrowser.sit(browser)
  const { page } = cleo
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) faults.push(message.text())
  })
  const { invitation } = (await ann.api.post('/v1/people', { name: 'Cleo' })).json
  await page.goto(`${origin}/console/join#${invitation}`)
  await page.getByLabel('Your name').fill('Cleo')
  await cleo.press('Create passkey')
  await page.getByText('Your passkey is registered').waitFor()
  const { people } = (await ann.api.get('/v1/people')).json
  await server.endorse(ann, people.find(({ id }: { id: string }) => id !== ann.id).id)
  await page.goto(`${origin}/console/sign-in`)
  await cleo.press('Sign in with passkey')
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  const close = async (): Promise<void> => {
    await browser.close()
    await server.remove()
  }
  return { server, origin, ann, browser, cleo, page, faults, close }
}
