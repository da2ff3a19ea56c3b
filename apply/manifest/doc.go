// Package manifest reads objects from an fs.FS (plain YAML and JSON, kustomize) and refuses junk with file and line.
//
// [Load] takes every .yaml, .yml and .json file below a folder, in folders too, and nothing else; names that begin with
// a dot are left alone. A file holds any number of documents, and a document one object or a List of them. All that is
// wrong is told together, as [Errors]; one error means that nothing of what was read may be used.
//
// Values are what kubectl makes of them: YAML 1.1 as sigs.k8s.io/yaml reads it, so that a bare yes, on or 0644 is a
// boolean or a number, and whole numbers stay int64. Stricter than kubectl is what nobody means: a key written twice, a
// key that YAML takes for something else than its text, a label that is no string, a template or a merge conflict left in,
// a number of more than 64 bits, a replica count that is no int32.
//
// What only a server sets is dropped without a word, so that the output of "kubectl get -o yaml" can be committed: status,
// the fields of metadata in [ServerSet], and the annotation that kubectl apply leaves.
//
// # Kustomize
//
// A folder with a kustomization is rendered as "kustomize build" does, and what comes of it is checked like other
// manifests. Only what the kustomization refers to is read, anywhere in the repository; it is read and checked here and given
// to kustomize in memory. Refused are whatever is outside the repository, remote or not, and whatever could run a program:
// helmCharts, generators, transformers and validators. An object's file and line are those of the resource that it was made
// of, as well as they can be told; of a generated object those of the generator. At most [MaxRendered] objects are rendered.
// Values are what kustomize makes of them, which is YAML 1.2 for the most part: a bare yes stays a text.
//
// A kustomization below a folder that has none is refused: it says that the files beside it are not meant to be applied
// as they stand.
//
// # Variables
//
// With [Options.Vars], ${NAME} in a text value becomes the variable's value, in every object that is not annotated with
// [SubstituteAnnotation], and after kustomize has rendered it. It is strict: what follows ${ must be a variable that is
// known, and }. $${ stands for ${ itself; $NAME and $(NAME) mean nothing here. Keys are left as they are, and a
// value is put in once, so that what it holds is not looked at again.
//
// Values are put into what has been parsed, never into YAML text, so that no value can add a field or an object.
// A text without quotes that is one variable and nothing else, as in "replicas: ${REPLICAS}", becomes a number or a boolean
// where the value is one that YAML and JSON agree about (3, -1, 1.5, true, false); with quotes it stays a text. So it does
// in labels, annotations and the data of ConfigMaps and Secrets, where nothing else is allowed.
package manifest
