// A real OpenID Connect issuer on a free port of 127.0.0.1. It prints its URL; a line "rotate" on
// standard input gives it a new key beside the old one, "withdraw" leaves the newest alone. It
// answers each with a line, and ends with its input.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { Provider } from 'oidc-provider'

let number = 0
function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  number += 1
  return { ...privateKey.export({ format: 'jwk' }), kid: `key-${number}`, use: 'sig', alg: 'RS256' }
}

let keys = [newKey()]
let serve = null
const server = createServer((request, response) => serve(request, response))

function begin() {
  const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
    jwks: { keys },
    clients: [
      {
        client_id: 'service',
        client_secret: 'a secret of the tests',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: ['generate', 'manage', 'other'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({
          scope: 'generate manage other',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256', kid: keys[0].kid } },
        }),
      },
    },
  })
  serve = provider.callback()
}

server.listen(0, '127.0.0.1', () => {
  begin()
  console.log(`http://127.0.0.1:${server.address().port}`)
})
createInterface({ input: process.stdin })
  .on('line', (line) => {
    keys = line === 'rotate' ? [newKey(), ...keys] : keys.slice(0, 1)
    begin()
    console.log(line)
  })
  .on('close', () => process.exit(0))
