// Package manifest reads objects from an fs.FS (plain YAML and JSON) and refuses junk with file and line.
//
// [Read] takes every .yaml, .yml and .json file below the root, in folders too, and nothing else; names that begin with
// a dot are left alone. A file holds any number of documents, and a document one object or a List of them. All that is
// wrong is told together, as [Errors]; one error means that nothing of what was read may be used.
//
// Values are what kubectl makes of them: YAML 1.1 as sigs.k8s.io/yaml reads it, so that a bare yes, on or 0644 is a
// boolean or a number, and whole numbers stay int64. Stricter than kubectl is what nobody means: a key written twice, a
// key that YAML takes for something else than its text, a label that is no string, a template or a merge conflict left in.
//
// What only a server sets is dropped without a word, so that the output of "kubectl get -o yaml" can be committed: status,
// the fields of metadata in [ServerSet], and the annotation that kubectl apply leaves.
//
// A kustomization is refused by name: it says that the files beside it are not meant to be applied as they stand.
package manifest
