// Writes the members of the Kubernetes types that the stand-in plugin supports, one type a line:
//
//	go run . > ../field-table.ts
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	scheduling "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var roots = []any{
	core.Namespace{}, core.Service{}, core.ServiceAccount{}, core.Secret{}, core.ConfigMap{},
	core.PersistentVolumeClaim{}, core.ResourceQuota{}, core.LimitRange{},
	apps.Deployment{}, apps.StatefulSet{}, batch.Job{}, autoscaling.HorizontalPodAutoscaler{},
	policy.PodDisruptionBudget{}, networking.NetworkPolicy{}, networking.Ingress{},
	rbac.Role{}, rbac.RoleBinding{}, rbac.ClusterRole{}, rbac.ClusterRoleBinding{},
	scheduling.PriorityClass{},
}

// Types with a JSON form of their own.
var special = map[reflect.Type]string{
	reflect.TypeOf(resource.Quantity{}):  "q",
	reflect.TypeOf(intstr.IntOrString{}): "x",
	reflect.TypeOf(meta.Time{}):          "a",
	reflect.TypeOf(meta.MicroTime{}):     "a",
}

var table = map[string]string{}

func main() {
	for _, root := range roots {
		describe(reflect.TypeOf(root))
	}
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Print("/**\n * Members of the Kubernetes types, written by `fields/generate.go`: `name:type`, where a type is `s` string, `b` boolean,\n" +
		" * `i` integer, `q` quantity, `x` integer or string, `y` bytes, `a` anything, `@` and the name of a line here, `[]` list\n" +
		" * of, `{}` map of; `*` before it: kept unless null; `!` before it: always kept; else left out when zero.\n */\n")
	fmt.Print("export const FIELD_TABLE: Readonly<Record<string, string>> = {\n")
	for _, name := range names {
		key := name
		if strings.ContainsAny(name, ".") {
			key = `"` + name + `"`
		}
		fmt.Printf("  %s:\n    \"%s\",\n", key, table[name])
	}
	fmt.Println("};")
}

func nameOf(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	return parts[len(parts)-2] + "." + t.Name()
}

// describe enters a struct and all below it into the table.
func describe(t reflect.Type) string {
	name := nameOf(t)
	if _, known := table[name]; !known {
		table[name] = ""
		table[name] = strings.Join(members(t), " ")
	}
	return "@" + name
}

func members(t reflect.Type) []string {
	var result []string
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		tag := strings.Split(field.Tag.Get("json"), ",")
		if field.Anonymous && tag[0] == "" {
			result = append(result, members(field.Type)...)
			continue
		}
		// What only the cluster writes is no input.
		if tag[0] == "-" || tag[0] == "" || tag[0] == "status" || tag[0] == "managedFields" {
			continue
		}
		mark := "!"
		for _, option := range tag[1:] {
			if option == "omitempty" {
				mark = ""
			}
		}
		of := field.Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
			if mark == "" {
				mark = "*"
			}
		}
		result = append(result, tag[0]+":"+mark+typeOf(of))
	}
	return result
}

func typeOf(t reflect.Type) string {
	if code, found := special[t]; found {
		return code
	}
	switch t.Kind() {
	case reflect.String:
		return "s"
	case reflect.Bool:
		return "b"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "i"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "y"
		}
		return "[]" + typeOf(t.Elem())
	case reflect.Map:
		return "{}" + typeOf(t.Elem())
	case reflect.Pointer:
		return typeOf(t.Elem())
	case reflect.Struct:
		return describe(t)
	}
	panic("no code for " + t.String())
}
