// The loop of Lambda's Node.js runtime: it loads the handler that _HANDLER names, and then takes one invocation after the other.
//
// AWS's own client of the Runtime API, aws-lambda-ric, includes libcurl and compiles it on installation. This one uses Node's HTTP client
// and one connection that stays open. It leaves out what costs time: patching of the console, and tracing.
const http = require("node:http");
const path = require("node:path");

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, where, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = http.request(
      { agent, hostname, port, method, path: `/2018-06-01/runtime/${where}`, headers },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function errorBody(error) {
  return JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: error.stack.split("\n") });
}

async function main() {
  const [module, name] = process.env._HANDLER.split(".");
  const handler = require(path.resolve(process.env.LAMBDA_TASK_ROOT, module))[name];
  for (;;) {
    const { headers, body } = await call("GET", "invocation/next");
    const id = headers["lambda-runtime-aws-request-id"];
    const deadline = Number(headers["lambda-runtime-deadline-ms"]);
    const context = {
      awsRequestId: id,
      invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
      getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    try {
      const answer = await handler(JSON.parse(body), context);
      await call("POST", `invocation/${id}/response`, JSON.stringify(answer));
    } catch (error) {
      await call("POST", `invocation/${id}/error`, errorBody(error));
    }
  }
}

main();
