package health

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lockstep-dev/lockstep/apply/object"
)

var (
	ingressClassResource = schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingressclasses"}
	secretResource       = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
)

// ingressClassOf is the IngressClass that o asks for by name; the zero ID when it is no Ingress, or asks for none.
func ingressClassOf(o *unstructured.Unstructured) object.ID {
	name := text(o, "spec", "ingressClassName")
	if o.GroupVersionKind().GroupKind() != gkIngress || name == "" {
		return object.ID{}
	}
	return object.ID{Group: gkIngress.Group, Kind: "IngressClass", Name: name}
}

// tlsSecretsOf are the Secrets that an Ingress takes its certificates from.
func tlsSecretsOf(o *unstructured.Unstructured) []object.ID {
	if o.GroupVersionKind().GroupKind() != gkIngress {
		return nil
	}
	var all []object.ID
	for _, tls := range mapsAt(mapAt(o.Object, "spec"), "tls") {
		if name, _ := tls["secretName"].(string); name != "" {
			all = append(all, object.ID{Kind: "Secret", Namespace: o.GetNamespace(), Name: name})
		}
	}
	return all
}

// Names are the objects that o names and that a gate looks for, each by its name, to say whether they are there: it does without
// where it may not get them.
func Names(o *unstructured.Unstructured) map[object.ID]schema.GroupResource {
	all := map[object.ID]schema.GroupResource{}
	if class := ingressClassOf(o); class != (object.ID{}) {
		all[class] = ingressClassResource.GroupResource()
	}
	for _, secret := range tlsSecretsOf(o) {
		all[secret] = secretResource.GroupResource()
	}
	return all
}

// named adds what an Ingress names and is not there. What the check itself applies is.
func (g *gathering) named(o *unstructured.Unstructured) {
	for id, resource := range Names(o) {
		t := thing{resource: resource.WithVersion("v1"), namespace: id.Namespace, name: id.Name}
		if !g.session.applies(id) && g.session.gate.presence.lacks(t, g.session) {
			if g.state.Missing == nil {
				g.state.Missing = map[object.ID]bool{}
			}
			g.state.Missing[id] = true
		}
	}
}

// unserved warns of an Ingress that no controller takes up, as its class is not there, or that serves without the certificate
// that it names. It fails nothing: the one and the other may be somebody else's to make, and come later.
func (v *view) unserved(o *unstructured.Unstructured) []Problem {
	id := object.Of(o)
	var all []Problem
	if class := ingressClassOf(o); v.Missing[class] {
		all = append(all, Problem{
			Reason: IngressClassMissing, Object: id,
			Message: fmt.Sprintf("%s asks for the IngressClass %q, which does not exist: no controller takes it up", id, class.Name),
			Advice:  "Correct its ingressClassName (kubectl get ingressclasses), or install the controller that brings the class.",
		})
	}
	told := map[object.ID]bool{}
	for _, secret := range tlsSecretsOf(o) {
		if !v.Missing[secret] || told[secret] {
			continue
		}
		told[secret] = true
		all = append(all, Problem{
			Reason: TLSSecretMissing, Object: id,
			Message: fmt.Sprintf("%s takes its certificate from the Secret %q, which does not exist: until it does, TLS fails or shows another", id, secret.Name),
			Advice:  "Correct the secretName in its spec.tls, or add the Secret; where a controller issues it, see what that says.",
		})
	}
	return all
}
