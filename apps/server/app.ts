/** The HTTP application: what stands before every route, the routes, and the document that describes them. @module */
import { OpenAPIHono } from '@hono/zod-openapi'
import { consoleRoutes } from './console.ts'
import type { App, AppEnv, ServerContext } from './context.ts'
import { ApiError, onError } from './errors.ts'
import { bodyLimits, hostCheck } from './middleware.ts'
import { identityPaths } from './identity/routes.ts'
import { oauthServer } from './oauth/routes.ts'
import { oauthErrors } from './oauth-errors.ts'
import { describe, gestureOperations } from './openapi.ts'
import { ownPage } from './own-page.ts'
import { actionRoutes } from './routes-actions.ts'
import { agentRoutes } from './routes-agents.ts'
import { approvalPointRoutes } from './routes-approval-points.ts'
import { approvalRoutes } from './routes-approvals.ts'
import { backupRoutes } from './routes-backups.ts'
import { ceremonyRoutes } from './routes-ceremonies.ts'
import { consentListRoutes } from './routes-consent-list.ts'
import { consentRoutes } from './routes-consents.ts'
import { dataSubjectRoutes } from './routes-data-subjects.ts'
import { delegationRoutes } from './routes-delegations.ts'
import { domainClearingRoutes } from './routes-domain-clearing.ts'
import { domainRoutes } from './routes-domains.ts'
import { drillRoutes } from './routes-drills.ts'
import { draftRoutes } from './routes-drafts.ts'
import { erasureRoutes } from './routes-erasure.ts'
import { retentionRoutes } from './routes-retention.ts'
import { evidencePackRoutes } from './routes-evidence-packs.ts'
import { evidenceSampleRoutes } from './routes-evidence-samples.ts'
import { evidenceRoutes } from './routes-evidence.ts'
import { readinessRoutes } from './routes-readiness.ts'
import { scimErrors } from './scim/errors.ts'
import { roleRoutes } from './routes-roles.ts'
import { accessReviewRoutes } from './routes-access-reviews.ts'
import { breachRoutes } from './routes-breaches.ts'
import { aloneRoutes } from './routes-alone.ts'
import { emergencyRoutes } from './routes-emergencies.ts'
import { deficiencyRoutes } from './routes-deficiencies.ts'
import { reconciliationRoutes } from './routes-reconciliations.ts'
import { sampleRoutes } from './routes-samples.ts'
import { vendorRoutes } from './routes-vendors.ts'
import { narrativeRoutes } from './routes-narratives.ts'
import { incidentRoutes } from './routes-incidents.ts'
import { inventoryRoutes } from './routes-inventory.ts'
import { driftRoutes } from './routes-drift.ts'
import { fleetRoutes } from './routes-fleet.ts'
import { isolationRoutes } from './routes-isolation.ts'
import { flowPolicyRoutes } from './routes-flow-policies.ts'
import { hostingRoutes } from './routes-hosting.ts'
import { issuerRoutes } from './routes-issuers.ts'
import { keyRoutes } from './routes-keys.ts'
import { killRoutes } from './routes-kill.ts'
import { attestRoutes } from './routes-attest.ts'
import { labelRoutes } from './routes-labels.ts'
import { limitRoutes } from './routes-limits.ts'
import { alertPolicyRoutes } from './routes-alert-policies.ts'
import { alertRoutes } from './routes-alerts.ts'
import { channelRoutes } from './routes-channels.ts'
import { listenerRoutes } from './routes-listeners.ts'
import { logRoutes } from './routes-log.ts'
import { reviewPageRoutes } from './review-page.ts'
import { nodeRoutes } from './routes-nodes.ts'
import { noticeRoutes } from './routes-notices.ts'
import { oauthKeyRoutes } from './routes-oauth-keys.ts'
import { oauthRoutes } from './routes-oauth.ts'
import { auditorRoutes } from './routes-preview.ts'
import { previewRoutes } from './routes-previews.ts'
import { outputPointRoutes } from './routes-output-points.ts'
import { outputViewRoutes } from './routes-output-views.ts'
import { outputRoutes } from './routes-outputs.ts'
import { packRoutes } from './routes-packs.ts'
import { passkeyRoutes } from './routes-passkeys.ts'
import { recoveryRoutes } from './routes-recovery.ts'
import { peopleRoutes } from './routes-people.ts'
import { pointRoutes } from './routes-points.ts'
import { probeRoutes } from './routes-probes.ts'
import { publicRoutes } from './routes-public.ts'
import { revocationRoutes } from './routes-revocations.ts'
import { reviewRoutes } from './routes-reviews.ts'
import { serviceAccountRoutes } from './routes-service-accounts.ts'
import { ssfRoutes } from './routes-ssf.ts'
import { sessionRoutes } from './routes-session.ts'
import { statusRoutes } from './routes-status.ts'
import { subjectRoutes } from './routes-subject.ts'
import { telemetryRoutes } from './routes-telemetry.ts'
import { templateRoutes } from './routes-templates.ts'
import { versionRoutes } from './routes-versions.ts'
import { toolChangeRoutes } from './routes-tools.ts'
import { writable } from './writable.ts'

export function createApp(ctx: ServerContext): App {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const where = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'} ${issue.code}`)
      throw new ApiError('REQUEST_INVALID', `the request does not fit at: ${where.slice(0, 8).join(', ')}`)
    },
  })
  const report = (error: unknown): void => ctx.report(error)
  app.onError(scimErrors(report, oauthErrors(report, onError(report))))
  app.notFound(() => {
    throw new ApiError('NOT_FOUND', 'no such resource: see /openapi.json')
  })
  app.use(hostCheck(ctx))
  // Known once the routes are there, which is before anybody is answered.
  let gestures: ReadonlySet<string> = new Set()
  app.use((c, next) => {
    c.set('takesGesture', (operation) => gestures.has(operation))
    return next()
  })
  const oauth = oauthServer(ctx)
  oauth.endpoints(app)
  app.use(ownPage(ctx))
  app.use(bodyLimits())
  app.use(writable(ctx))
  publicRoutes(app, ctx)
  sessionRoutes(app, ctx)
  consoleRoutes(app, ctx)
  peopleRoutes(app, ctx)
  passkeyRoutes(app, ctx)
  recoveryRoutes(app, ctx)
  agentRoutes(app, ctx)
  actionRoutes(app, ctx)
  versionRoutes(app, ctx)
  inventoryRoutes(app, ctx)
  pointRoutes(app, ctx)
  hostingRoutes(app, ctx)
  limitRoutes(app, ctx)
  domainRoutes(app, ctx)
  domainClearingRoutes(app, ctx)
  templateRoutes(app, ctx)
  toolChangeRoutes(app, ctx)
  labelRoutes(app, ctx)
  flowPolicyRoutes(app, ctx)
  driftRoutes(app, ctx)
  outputRoutes(app, ctx)
  attestRoutes(app, ctx)
  reviewRoutes(app, ctx)
  outputPointRoutes(app, ctx)
  outputViewRoutes(app, ctx)
  reviewPageRoutes(app, ctx)
  noticeRoutes(app, ctx)
  dataSubjectRoutes(app, ctx)
  consentRoutes(app, ctx)
  consentListRoutes(app, ctx)
  subjectRoutes(app, ctx)
  draftRoutes(app, ctx)
  delegationRoutes(app, ctx)
  revocationRoutes(app, ctx)
  killRoutes(app, ctx)
  probeRoutes(app, ctx)
  isolationRoutes(app, ctx)
  incidentRoutes(app, ctx)
  deficiencyRoutes(app, ctx)
  narrativeRoutes(app, ctx)
  reconciliationRoutes(app, ctx)
  sampleRoutes(app, ctx)
  evidenceSampleRoutes(app, ctx)
  breachRoutes(app, ctx)
  emergencyRoutes(app, ctx)
  aloneRoutes(app, ctx)
  vendorRoutes(app, ctx)
  roleRoutes(app, ctx)
  serviceAccountRoutes(app, ctx)
  accessReviewRoutes(app, ctx)
  previewRoutes(app, ctx)
  auditorRoutes(app, ctx)
  approvalPointRoutes(app, ctx)
  approvalRoutes(app, ctx)
  drillRoutes(app, ctx)
  listenerRoutes(app, ctx)
  alertRoutes(app, ctx)
  alertPolicyRoutes(app, ctx)
  channelRoutes(app, ctx)
  ssfRoutes(app, ctx)
  ceremonyRoutes(app, ctx)
  identityPaths(app, ctx)
  oauth.pages(app)
  statusRoutes(app, ctx)
  oauthRoutes(app, ctx)
  keyRoutes(app, ctx)
  oauthKeyRoutes(app, ctx)
  issuerRoutes(app, ctx)
  erasureRoutes(app, ctx)
  packRoutes(app, ctx)
  evidenceRoutes(app, ctx)
  evidencePackRoutes(app, ctx)
  retentionRoutes(app, ctx)
  logRoutes(app, ctx)
  fleetRoutes(app, ctx)
  readinessRoutes(app, ctx)
  telemetryRoutes(app, ctx)
  nodeRoutes(app, ctx)
  backupRoutes(app, ctx)
  gestures = gestureOperations(app)
  describe(app)
  return app
}
