/** What the page of an auditor's preview asks the server. @module */

/** @throws an error with `code` and `status` of the answer */
export async function ask(method, path, body) {
  const response = await fetch(`/v1/preview${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw await faultOf(response)
  return response.json()
}

async function faultOf(response) {
  const { error } = await response.json()
  return Object.assign(new Error(error.message), { code: error.code, status: response.status })
}

/** Saves a file. @param name it gets */
export async function fetchFile(path, name) {
  const response = await fetch(`/v1/preview${path}`)
  if (!response.ok) throw await faultOf(response)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
