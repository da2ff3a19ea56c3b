package apply

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func TestAFieldOfAConflictIsFoundInAManifest(t *testing.T) {
	const manifest = `metadata:
  annotations: {example.com/owner: me, example.com/owner.team: us}
  finalizers: [example.com/hold]
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: web
        image: nginx
        args: [-v, -x]
        ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]
        env: [{name: 'A"]B', value: x}]
`
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		".spec.replicas":                                                         true,
		".spec.minReadySeconds":                                                  false,
		".spec.replicas.x":                                                       false,
		".spec.rep":                                                              false,
		".spec.template.spec":                                                    true,
		".metadata.annotations.example.com/owner":                                true,
		".metadata.annotations.example.com/owner.team":                           true,
		".metadata.annotations.example.com/owner.tea":                            false,
		`.metadata.finalizers[="example.com/hold"]`:                              true,
		`.metadata.finalizers[="example.com/other"]`:                             false,
		`.spec.template.spec.containers[name="web"].image`:                       true,
		`.spec.template.spec.containers[name="web"].command`:                     false,
		`.spec.template.spec.containers[name="side"].image`:                      false,
		`.spec.template.spec.containers[name="web"].args[1]`:                     true,
		`.spec.template.spec.containers[name="web"].args[2]`:                     false,
		`.spec.template.spec.containers[name="web"].env[name="A\"]B"].value`:     true,
		`.spec.template.spec.containers[name="web"].env[name="A\"]B"].valuefrom`: false,
		`.spec.template.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].containerPort`: true,
		`.spec.template.spec.containers[name="web"].ports[containerPort=53,protocol="TCP"].containerPort`: false,
		`.spec.template.spec.containers[name="web"].ports[containerPort=53,protocol="UDP"]`:               true,
		`.spec.template.spec.containers[`: false,
	} {
		if got := names(o, path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}
