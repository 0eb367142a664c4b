package rapport.peer;

import ca.uhn.fhir.context.FhirContext;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.convertors.factory.VersionConvertorFactory_40_50;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.CodeSystem.CodeSystemContentMode;
import org.hl7.fhir.r4.model.Questionnaire;
import org.hl7.fhir.r5.formats.JsonParser;

/**
 * What instances are checked against: the files given, Questionnaires among them (the parent class drops those, and then no
 * response is checked against its form), and the extensions of HL7's extensions pack that Rapport writes.
 */
final class Definitions extends PrePopulatedValidationSupport {
  static final FhirContext CONTEXT = FhirContext.forR4();

  // hl7.fhir.uv.extensions.r5 1.0.0 (CC0) as it lies in hapi-fhir-validation-resources-r5; R4 core itself does not have it.
  private static final String PACK = "/org/hl7/fhir/r5/packages/hl7.fhir.uv.extensions.r5-1.0.0.tgz";
  private static final List<String> EXTENSIONS = List.of("itemWeight", "artifact-copyrightLabel");

  private final Map<String, Questionnaire> questionnaires = new HashMap<>();

  Definitions() throws IOException {
    super(CONTEXT);
    for (String name : EXTENSIONS) {
      byte[] definition = fromPack("package/StructureDefinition-" + name + ".json");
      addResource(VersionConvertorFactory_40_50.convertResource(new JsonParser().parse(definition)));
    }
  }

  private static byte[] fromPack(String name) throws IOException {
    try (InputStream packed = Definitions.class.getResourceAsStream(PACK);
        TarArchiveInputStream files = new TarArchiveInputStream(new GZIPInputStream(packed))) {
      for (TarArchiveEntry entry = files.getNextEntry(); entry != null; entry = files.getNextEntry()) {
        if (entry.getName().equals(name)) {
          return files.readAllBytes();
        }
      }
    }
    throw new IllegalStateException(name + " is not in " + PACK);
  }

  /** Take in a definition, given as JSON. */
  void add(String text) {
    IBaseResource resource = CONTEXT.newJsonParser().parseResource(text);
    if (resource instanceof Questionnaire questionnaire) {
      questionnaires.put(questionnaire.getUrl(), questionnaire);
      questionnaires.put(questionnaire.getUrl() + "|" + questionnaire.getVersion(), questionnaire);
    } else {
      addResource(resource instanceof CodeSystem codes ? complete(codes) : resource);
    }
  }

  /** A fragment as if it were all there is: HAPI warns of a code that a fragment lacks, and drops the warning where the binding is loose. */
  private static CodeSystem complete(CodeSystem codes) {
    return codes.getContent() == CodeSystemContentMode.FRAGMENT ? codes.setContent(CodeSystemContentMode.COMPLETE) : codes;
  }

  @Override
  public <T extends IBaseResource> T fetchResource(Class<T> type, String canonical) {
    if (type != null && type.isAssignableFrom(Questionnaire.class) && questionnaires.containsKey(canonical)) {
      return type.cast(questionnaires.get(canonical));
    }
    return super.fetchResource(type, canonical);
  }
}
