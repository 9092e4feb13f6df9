// Keeps what each rule of cdk-nag answers of each resource, which cdk-nag 3 itself throws away but
// for violations. Loaded into jsii's Node.js by NODE_OPTIONS (see recorder.py), since from Python
// every answer would be a call across the two, and there are tens of thousands.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");

const folder = process.env.CDK_NAG_ANSWERS;
const load = Module._load;

Module._load = function (...request) {
  const loaded = load.apply(this, request);
  const pack = folder && loaded && Object.hasOwn(loaded, "NagPack") && loaded.NagPack;
  if (pack && !Object.hasOwn(pack.prototype, "answers")) {
    record(pack);
  }
  return loaded;
};

function record(NagPack) {
  const { applyRule, validateScope } = NagPack.prototype;
  NagPack.prototype.answers = null;

  NagPack.prototype.applyRule = function (params) {
    const answer = { resource: params.node.node.path };
    const name = params.ruleSuffixOverride ?? params.rule.name;
    const rule = (node) => {
      try {
        answer.said = params.rule(node);
      } catch (error) {
        answer.said = "Error";
        answer.error = error.message;
        throw error;
      }
      return answer.said;
    };
    applyRule.call(this, { ...params, rule, ruleSuffixOverride: name });
    const id = `${this.readPackName}-${name}`;
    this.answers[id] ??= { info: params.info, explanation: params.explanation, level: params.level, of: [] };
    // Most are of another type than the rule's, and are known by what is missing here.
    if (answer.said !== "N/A") {
      this.answers[id].of.push(answer);
    }
  };

  NagPack.prototype.validateScope = function (scope) {
    this.answers = {};
    const report = validateScope.call(this, scope);
    fs.writeFileSync(`${folder}/${this.readPackName}.json`, JSON.stringify(this.answers));
    return report;
  };
}
