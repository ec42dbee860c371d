// Ends TLS in front of a plain server: tls.mjs <certificate> <key> <host:port>. Prints its own port.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const [cert, key, upstream] = process.argv.slice(2);
const [host, port] = upstream.split(':');
const server = tls.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (client) => {
  const plain = net.connect({ host, port: Number(port), noDelay: true });
  client.setNoDelay(true);
  client.pipe(plain).pipe(client);
  const end = () => { client.destroy(); plain.destroy(); };
  client.on('error', end);
  plain.on('error', end);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
