// Run one invocation of a Node function, as Lambda's runtime would.
// The event comes on stdin, the answer goes to a file, stdout and stderr are the log.
"use strict";
const fs = require("fs");
const http = require("http");
const https = require("https");
const path = require("path");

const take = (name) => {
  const value = process.env[name];
  delete process.env[name];
  return value;
};
const answerTo = Number(take("_ANSWER"));
const end = Date.now() + 1000 * Number(take("_TIMEOUT"));

// CDK's functions answer CloudFormation at its host's port 443, whatever the URL says.
const cloudFormation = new URL(process.env.AWS_ENDPOINT_URL);
const overTls = https.request;
https.request = (options, ...rest) =>
  options.hostname === cloudFormation.hostname
    ? http.request({ ...options, protocol: "http:", port: cloudFormation.port }, ...rest)
    : overTls(options, ...rest);

const answer = (payload, failed) => {
  fs.writeSync(answerTo, JSON.stringify({ payload: payload === undefined ? null : payload, failed }));
  process.exit(0);
};
const fail = (error) => {
  console.error(error);
  answer(
    {
      errorMessage: String((error && error.message) || error),
      errorType: (error && error.name) || "Error",
      trace: String((error && error.stack) || "").split("\n"),
    },
    true,
  );
};
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

const [file, name] = process.env._HANDLER.split(/\.(?=[^.]*$)/);
const context = {
  awsRequestId: take("_REQUEST_ID"),
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  invokedFunctionArn: take("_FUNCTION_ARN"),
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: "local",
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  getRemainingTimeInMillis: () => Math.max(0, end - Date.now()),
};
const event = JSON.parse(fs.readFileSync(0, "utf8"));
const handler = require(path.join(process.env.LAMBDA_TASK_ROOT, file))[name];
const done = (error, payload) => (error ? fail(error) : answer(payload, false));
const returned = handler(event, context, done);
if (returned && typeof returned.then === "function") {
  returned.then((payload) => answer(payload, false), fail);
}
