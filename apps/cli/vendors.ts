/** Vendors, as operators see to them. One function an act, as in operator.ts. @module */
import { z } from 'zod'
import { assessmentSchema, vendorSchema, type Assessment, type Vendor } from '../../src/log/vendor-bodies.ts'
import { approveAt } from './operator.ts'
import { CliError } from './output.ts'
import { readJson, type Profile } from './profile.ts'

const view = vendorSchema.extend({
  id: z.string(),
  recorded: z.int(),
  status: z.string(),
  valid_until: z.string().nullable(),
})
export type VendorView = z.infer<typeof view>
const detail = view.extend({
  assessments: z.array(
    assessmentSchema.extend({
      entry: z.int(),
      assessor: z.string(),
      time: z.int(),
      approver: z.string().nullable(),
      text: z.string().nullable(),
    }),
  ),
})
export type VendorDetail = z.infer<typeof detail>

const PATH = '/v1/vendors'
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`

export async function listVendors(profile: Profile): Promise<VendorView[]> {
  return z.object({ vendors: z.array(view) }).parse(await profile.client.get(PATH)).vendors
}

export async function showVendor(profile: Profile, id: string): Promise<VendorDetail> {
  return detail.parse(await profile.client.get(pathOf(id)))
}

/** @param id of one that is on record, or was; null: a new one */
export async function recordVendor(profile: Profile, vendor: Vendor, id: string | null): Promise<string> {
  const answer = await profile.client.post(id === null ? PATH : `${pathOf(id)}/record`, { ...vendor })
  return z.object({ vendor: z.string() }).parse(answer).vendor
}

const assessmentFile = assessmentSchema.extend({ text: z.string().min(1).max(4_096) })
export type AssessmentFile = Assessment & { readonly text: string }

/** @throws {CliError} `VENDOR_ASSESSMENT_INVALID` */
export async function readAssessment(path: string): Promise<AssessmentFile> {
  const read = assessmentFile.safeParse(await readJson(path))
  if (read.success) return read.data
  const places = read.error.issues.slice(0, 8).map((issue) => issue.path.join('.') || 'the whole')
  throw new CliError(
    'VENDOR_ASSESSMENT_INVALID',
    `${path} is no assessment at ${places.join(', ')}: spec/vendors.md, VND-2, with "text" besides`,
  )
}

export async function assessVendor(profile: Profile, id: string, said: AssessmentFile): Promise<void> {
  await profile.client.post(`${pathOf(id)}/assess`, { ...said })
}

export async function approveVendor(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, pathOf(id), { act: 'vendor.approve', vendor: id })
}

export async function endVendor(profile: Profile, id: string, reason: string): Promise<void> {
  await profile.client.post(`${pathOf(id)}/end`, { reason })
}
