package health

import (
	"fmt"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
)

func isService(gk schema.GroupKind) bool { return gk == gkService }

// unselective judges a Service that promises no pods: one without a selector, whose endpoints are somebody else's to keep,
// or an ExternalName, which has none. It is as healthy as it says of itself; the endpoints that there are, are counted.
func (v *view) unselective(t Target) Service {
	o := t.newest()
	said := judge(t)
	row := Service{ID: object.Of(t.Applied), Name: o.GetName(), Status: said.status, Message: said.message}
	if said.status != Current {
		row.Reason = RolloutInProgress
		return row
	}
	row.EndpointsReady = byHand(v.slicesOf[types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}])
	row.EndpointsExpected = row.EndpointsReady
	row.Message = fmt.Sprintf("%s that others keep", plural(row.EndpointsReady, "endpoint"))
	return row
}

// byHand counts the ready endpoints of slices, whoever has written them.
func byHand(all []*discoveryv1.EndpointSlice) int {
	found := map[types.UID]bool{}
	for _, slice := range all {
		if slice.DeletionTimestamp != nil {
			continue
		}
		for _, e := range slice.Endpoints {
			if uid, name := endpointName(e); name != "" && isReady(e) {
				found[uid] = true
			}
		}
	}
	return len(found)
}

// counted is the row, where there is something to count.
func (s Service) counted() []Service {
	if s.EndpointsReady == 0 {
		return nil
	}
	return []Service{s}
}
