package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"
)

// keep writes what the stage's namespace shows now into a file of the folder -capture, as the tests of package health
// read it. No Secret is in it.
func (s *stage) keep(name string) {
	s.t.Helper()
	if *capture == "" {
		return
	}
	var all bytes.Buffer
	for _, list := range []client.ObjectList{
		&appsv1.DeploymentList{}, &batchv1.JobList{}, &corev1.ServiceList{}, &corev1.PersistentVolumeClaimList{},
		&appsv1.ReplicaSetList{}, &corev1.PodList{}, &discoveryv1.EndpointSliceList{}, &corev1.EventList{},
	} {
		must(s.t, s.client.List(s.t.Context(), list, client.InNamespace(s.namespace)))
		must(s.t, meta.EachListItem(list, func(o runtime.Object) error {
			document, err := s.document(o)
			all.WriteString("---\n")
			all.Write(document)
			return err
		}))
	}
	text := strings.TrimPrefix(strings.ReplaceAll(all.String(), s.namespace, "shop"), "---\n")
	must(s.t, os.WriteFile(filepath.Join(*capture, "real-"+name+".yaml"), []byte(text), 0o644))
}

// document is an object without what nobody reads of it.
func (s *stage) document(o runtime.Object) ([]byte, error) {
	kind, err := apiutil.GVKForObject(o, scheme.Scheme)
	if err != nil {
		return nil, err
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: fields}
	u.SetGroupVersionKind(kind)
	u.SetManagedFields(nil)
	return yaml.Marshal(u.Object)
}
