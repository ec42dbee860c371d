// A small client of the Lambda Runtime API: loads the handler named on the command line, then polls.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import http from 'node:http';

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { host, port, agent, method, headers, path: `/2018-06-01/runtime/${path}` };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const { handler } = await import(`./${process.argv[2]}.mjs`);
for (;;) {
  const { headers, body } = await call('GET', 'invocation/next');
  const id = headers['lambda-runtime-aws-request-id'];
  try {
    await call('POST', `invocation/${id}/response`, JSON.stringify(await handler(JSON.parse(body))));
  } catch (error) {
    const told = { errorType: error.name, errorMessage: error.message };
    await call('POST', `invocation/${id}/error`, JSON.stringify(told));
  }
}
