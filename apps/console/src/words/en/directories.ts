/** Words of the list of directories that provision. @module */
export const directories = {
  title: 'Directories',
  lead: 'Okta, Entra or another that adds people and groups by SCIM 2.0, and lets them go: what stands behind whoever leaves is revoked within the bound.',
  none: 'No directory provisions yet.',
  name: 'Directory',
  nameHint: 'As people here call it.',
  by: 'Added by',
  until: 'Token good until',
  add: 'Add a directory',
  addText: 'It gets an address and a token. The token is shown once, and kept here as a hash.',
  renew: 'Renew',
  renewText: 'Another token takes the place of the one before, which is good for nothing from then on.',
  remove: 'Remove',
  removeText:
    'Its token is good for nothing any more, so that it lets nobody go, either. The people that it added stay.',
  token: 'Token',
  tokenText: 'Put both where your directory asks for them. The token is not shown again.',
  address: 'Address',
  days: 'Days',
  daysHint: 'At most a year. Renew it before then.',
}
